/** What the reference knows of each connection, user, ticket and process: only what was sent and what was answered. */
import type { ErrorCode } from "../../shared/protocol/errors.ts";
import type { RequestName } from "../../shared/protocol/messages.ts";
import type { Met } from "./eyes.ts";
import type { Room } from "./room.ts";

/** A frame as the step meant it. `wrong`: what a reader must say to it, whatever else is the case. */
export interface Frame {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly wrong?: ErrorCode;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly uid: number;
  /** `ending`: its connection has closed, so nobody will be told. */
  state: "ready" | "killing" | "deleting" | "ending" | "over";
  /** A killUser for it has been sent at some time. */
  killed: boolean;
  /** How often each fault had been met when its account was asked for. */
  readonly before: Met;
}

export interface Ticket {
  readonly id: string;
  readonly given: number;
  readonly owner: Connection;
  state: "given" | "attached" | "used" | "over";
  /** Named by a spawn that was refused: it may be used up. */
  spent: boolean;
  connection: Connection | undefined;
  process: Running | undefined;
}

export interface Running {
  readonly id: string;
  readonly pid: number;
  readonly user: User;
  exited: boolean;
}

export type Verdict = "answer" | `refused ${ErrorCode}` | `fatal ${ErrorCode}`;
export interface Pending {
  readonly request: RequestName;
  readonly data: Readonly<Record<string, unknown>>;
  readonly user: User | undefined;
  readonly before: Met;
  /** Where in the table of what was tried it counts. */
  readonly cell: string;
  /** Fixed when it was sent; undefined when it depends on what happens until the answer. */
  readonly allowed: ReadonlySet<Verdict> | undefined;
  /** Of a creation. */
  readonly room: Room | undefined;
}

export class Connection {
  readonly number: number;
  readonly since: number;
  role: "silent" | "control" | "data" | "closed" = "silent";
  greeted = false;
  /** It broke the protocol: one of these is the last word to it. */
  doom: ReadonlySet<ErrorCode> | undefined;
  /** It may have broken the protocol, which depends on what was answered first. */
  perhaps: ReadonlySet<ErrorCode> = new Set();
  told = false;
  /** The agent has closed its end. */
  left = false;
  /** There were too many silent ones when it came. */
  unwelcome = false;
  /** When the frame began that has not ended. */
  torn: number | undefined;
  acknowledged = false;
  ticket: Ticket | undefined;
  readonly pending = new Map<number, Pending>();
  readonly users = new Map<string, User>();
  readonly tickets = new Map<string, Ticket>();
  readonly processes = new Map<string, Running>();
  /** Processes whose end was told before the answer to their spawn. */
  readonly early = new Set<string>();

  constructor(number: number, since: number) {
    this.number = number;
    this.since = since;
  }

  /** Whether what it sends is still looked at. */
  get heard(): boolean {
    return !this.left && !this.doom && (this.role === "silent" || this.role === "control");
  }
}
