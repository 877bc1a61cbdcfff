/**
 * What the agent sends and what its answers hold. Requests go to the helper on the control connection, each with an id
 * of the agent's; every one gets one `answer` or one `refused`, as helper-messages.ts has them.
 */
import type { signals } from "./limits.ts";

/** Opaque to the agent: 128 random bits in hex. The helper alone knows the user name, uid and paths behind them. */
export type UserId = string & { readonly brand: "UserId" };
export type ProcessId = string & { readonly brand: "ProcessId" };
export type Ticket = string & { readonly brand: "Ticket" };
export type ParkId = string & { readonly brand: "ParkId" };

export interface Requests {
  hello: { id: number; protocol: number };
  createUser: { id: number; reuse?: ParkId };
  ticket: { id: number };
  /** `argv[0]` is looked up in the PATH of `env`. `cwd` is the home when absent. Without a ticket a stream is /dev/null. */
  spawn: {
    id: number;
    user: UserId;
    argv: string[];
    env: Record<string, string>;
    cwd?: string;
    stdin?: Ticket;
    output?: Ticket;
    graphical?: true;
  };
  signal: { id: number; process: ProcessId; signal: (typeof signals)[number] };
  killUser: { id: number; user: UserId };
  deleteUser: { id: number; user: UserId; park?: true };
}
export type RequestName = keyof Requests;

/** What was looked at and seen at the end of a task user: processes with the uid, entries it owns in shared places. */
export interface Residue {
  processes: number;
  shared: number;
}

export interface Gone {
  state: "gone" | "resting" | "quarantined";
  parkId?: ParkId;
  found: Residue;
  removed: Residue;
  left: Residue & { home: boolean; account: boolean };
  /** SHA-256 of the newest line of the audit log, in hex. The agent logs it: that is what makes tampering visible. */
  auditHead: string;
}

export interface Answers {
  hello: {
    protocol: number;
    helperVersion: string;
    limits: { maxUsers: number; maxGraphical: number; frameBytes: number; argvEnvBytes: number; stringBytes: number };
    live: number;
    resting: ParkId[];
    quarantined: number;
  };
  createUser: { user: UserId; name: string; uid: number; home: string };
  ticket: { ticket: Ticket };
  spawn: { process: ProcessId; pid: number };
  signal: { delivered: boolean };
  killUser: { killed: number };
  deleteUser: Gone;
}

/** Neither `code` nor `signal`: the command could not be started (not found, not executable, too long). */
export interface Exited {
  process: ProcessId;
  code: number | null;
  signal: string | null;
  /** CPU time of the process and the descendants it waited for, in milliseconds. */
  userMs: number;
  systemMs: number;
}

/** The first and only message on a data connection. The helper replies with the single byte `ATTACHED`. */
export type Attach = { ticket: Ticket };
