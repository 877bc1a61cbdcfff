/** The ends of a command of launchd/; the numbers are those of the agent's commands, and of sysexits(3). */
export const status = {
  done: 0,
  failed: 1,
  usage: 64,
  internal: 70,
  busy: 75,
  notRoot: 77,
  misconfigured: 78,
} as const;

export type Status = (typeof status)[keyof typeof status];

/** An end that is no success: `message` is one sentence for a person. */
export class Refusal extends Error {
  readonly status: Status;
  constructor(status: Status, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}
