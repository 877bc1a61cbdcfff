export const PROTOCOL = 2;
/** What the helper writes to a data connection whose `attach` it has taken. */
export const ATTACHED = 0x06;
/** What the agent may send to a task's process group. */
export const signals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGTERM", "SIGSTOP", "SIGCONT"] as const;

/** Bounds of the wire. The schemas and both sides use these numbers and no others. */
export const limits = {
  frameBytes: 1024 * 1024, // One frame, its form feed included; checked before a byte more is buffered.
  argvEnvBytes: 256 * 1024, // All of argv and env of one spawn, as UTF-8, with two bytes for each string.
  stringBytes: 96 * 1024, // One string of argv or env, as UTF-8.
  frameMs: 5_000, // A frame that has begun must end within this time.
  idleConnectionMs: 5_000, // A connection's first frame, and an attached data connection's spawn, must come within it.
  silentConnections: 8, // Connections that have not sent their first frame.
  waitingTickets: 32, // Tickets given out and data connections that wait for their spawn, together.
} as const;
