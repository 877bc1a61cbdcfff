/** Types of the helper's own files; root-schemas.ts describes the same, and the generated validators check it. */
import type { ParkId, UserId } from "./messages.ts";

export interface Config {
  uidRange: readonly [number, number];
  maxUsers: number;
  maxParked: number;
  reuse: boolean;
  graphical: boolean;
  sessionUser: string;
  shareAgentSession: boolean;
  maxGraphical: number;
  limits: { processes: number; files: number };
  umask: string;
  tasksDir?: string; // Absent: /Users on a Mac, /home elsewhere.
  /** Only where the platform is not darwin: the programs that stand in for those of a Mac. Without launchctl: "". */
  dscl: string;
  launchctl: string;
}

export interface Account {
  name: string;
  uid: number; // Its gid too.
  guid: string; // The user's GeneratedUID; empty until it has been read back.
  groupGuid: string; // Its group's.
}

export type UserState = "planned" | "creating" | "ready" | "killing" | "deleting" | "resting" | "quarantined" | "gone";

export interface TaskUser extends Account {
  id: UserId;
  state: UserState;
  parkId?: ParkId;
}

export interface AgentAccount {
  made: Account | null; // Null: it was there before us, so it is not ours to remove.
  users: string[]; // `install`, where an installation uses it. Starters hold locks.
}
