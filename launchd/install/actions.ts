/** What each kind of step does. */
import { account, member } from "./actions/accounts.ts";
import { agentState } from "./actions/agent-state.ts";
import { directory, file, link } from "./actions/files.ts";
import { hello } from "./actions/hello.ts";
import { job, stop } from "./actions/jobs.ts";
import { release } from "./actions/release.ts";
import { volume } from "./actions/volume.ts";
import type { Machine } from "./machine.ts";
import type { Step } from "./step.ts";

export type Found =
  /** As it is to be. */
  | { readonly state: "done" }
  /** Not there, or ours and of before. */
  | { readonly state: "to do" }
  /** Something in the way that is not ours: one sentence says what, where and what to do. */
  | { readonly state: "foreign"; readonly sentence: string };

export interface Actions {
  /** `ours`: the step that the receipt has about the same thing. */
  look(ours: Step | undefined): Promise<Found>;
  /** May find what an earlier try has left half done. */
  do(): Promise<void>;
  /** May find it undone, in whole or in part. Null, or one sentence when something is left. */
  undo(): Promise<string | null>;
}

export function actionsOf(machine: Machine, step: Step): Actions {
  switch (step.kind) {
    case "directory":
      return directory(machine, step);
    case "release":
      return release(machine, step);
    case "link":
      return link(machine, step);
    case "file":
      return file(machine, step);
    case "account":
      return account(machine, step);
    case "member":
      return member(machine, step);
    case "agent-state":
      return agentState(machine, step);
    case "volume":
      return volume(machine, step);
    case "job":
      return job(machine, step);
    case "stop":
      return stop(machine, step);
    case "hello":
      return hello(machine, step);
  }
}
