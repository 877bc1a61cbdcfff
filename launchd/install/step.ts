/** What an installation consists of. Steps are data: the plan prints them, the receipt keeps them, and undoing needs nothing else. */

interface Explained {
  /** Why it is done, for whoever reads the plan. */
  readonly why: string;
}

export interface DirectoryStep extends Explained {
  readonly kind: "directory";
  readonly path: string;
  readonly mode: number;
  /** Removed with all that is in it: nobody but root and our own programs writes there. */
  readonly ours: boolean;
  /** Stays on the machine unless everything is to be removed. */
  readonly keep: boolean;
}

export interface ReleaseStep extends Explained {
  readonly kind: "release";
  /** The directory of one version. */
  readonly path: string;
  readonly version: string;
  /** A checkout or an unpacked release. */
  readonly source: string;
  /** Node's program; null for the one that the source has. */
  readonly node: string | null;
  /** What the manifest of the result must have: see `digestOf`. */
  readonly digest: string;
}

export interface LinkStep extends Explained {
  readonly kind: "link";
  readonly path: string;
  readonly target: string;
  /** Where it led before, for the way back. */
  readonly before: string | null;
}

export interface FileStep extends Explained {
  readonly kind: "file";
  readonly path: string;
  /** An account's name; the group is wheel's number. */
  readonly owner: string;
  readonly mode: number;
  readonly text: string;
  /** What was in it before, for the way back. */
  readonly before: string | null;
  /** It is an administrator's once it is there: never overwritten, and it stays unless everything is to be removed. */
  readonly keep: boolean;
}

/** The agent's account and group. helper/agent-account makes them, as a program of the installed release. */
export interface AccountStep extends Explained {
  readonly kind: "account";
  readonly name: string;
  /** Its home. */
  readonly path: string;
  /** The release that has the program. */
  readonly release: string;
  readonly config: string;
}

export interface MemberStep extends Explained {
  readonly kind: "member";
  readonly user: string;
  readonly group: string;
}

/** The agent's own directory. It makes it; undoing removes it, as its account. */
export interface AgentStateStep extends Explained {
  readonly kind: "agent-state";
  readonly path: string;
  readonly user: string;
  readonly keep: boolean;
}

export interface VolumeStep extends Explained {
  readonly kind: "volume";
  readonly name: string;
  /** As diskutil takes it. */
  readonly quota: string;
  readonly path: string;
  readonly keep: boolean;
}

/** Loads a job. Undoing unloads it and waits for its end. */
export interface JobStep extends Explained {
  readonly kind: "job";
  readonly label: string;
  /** `system`, or `gui/UID`. */
  readonly domain: string;
  readonly plist: string;
  /** Of the plist's text: another one has to be loaded anew. */
  readonly digest: string;
  /** How long its end may take, in seconds. */
  readonly stopSeconds: number;
}

/** Unloads a job and waits for its end; undoing loads it again. */
export interface StopStep extends Omit<JobStep, "kind" | "digest"> {
  readonly kind: "stop";
}

/** Waits until the helper, and the agent where one runs, have said hello. */
export interface HelloStep extends Explained {
  readonly kind: "hello";
  /** The helper's status.json. */
  readonly path: string;
  readonly version: string;
  /** The domain of the agent's job; null: the helper's hello is enough. Nobody waits for who is not logged in. */
  readonly agentDomain: string | null;
}

export type Step =
  | DirectoryStep
  | ReleaseStep
  | LinkStep
  | FileStep
  | AccountStep
  | MemberStep
  | AgentStateStep
  | VolumeStep
  | JobStep
  | StopStep
  | HelloStep;

/** Two steps with the same key are about the same thing. */
export function keyOf(step: Step): string {
  switch (step.kind) {
    case "account":
      return `account ${step.name}`;
    case "member":
      return `member ${step.user} ${step.group}`;
    case "job":
    case "stop":
      return `${step.kind} ${step.domain}/${step.label}`;
    case "hello":
      return `hello ${step.agentDomain === null ? "helper" : "agent"}`;
    default:
      return `${step.kind} ${step.path}`;
  }
}

/** Whether it stays unless everything is to be removed. */
export function isKept(step: Step): boolean {
  return "keep" in step && step.keep;
}
