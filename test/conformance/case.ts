/** What the files of `cases/` hold. An outsider should be able to read them without this one. */

export const statuses = ["passed", "different", "not yet", "not applicable"] as const;
export type Status = (typeof statuses)[number];

export const peers = ["generic-worker", "taskcluster-worker"] as const;
export type Peer = (typeof peers)[number];

/** An artifact as the queue has it, and as a reader gets it. Texts with a slash at both ends are patterns. */
export interface ExpectedArtifact {
  readonly storage: "s3" | "object" | "link" | "reference" | "error";
  readonly contentType?: string;
  readonly contentEncoding?: "gzip" | "identity";
  /** The decoded content, or a pattern that it matches. */
  readonly content?: string;
  readonly expires?: string;
  /** Of an error artifact. */
  readonly reason?: string;
  readonly message?: string;
}

export interface Expected {
  /** `state/reason` of the first run. */
  readonly resolution?: string;
  /** Patterns, each of which matches somewhere in the task's log; `^` and `$` are ends of lines. */
  readonly log?: readonly string[];
  readonly notInLog?: readonly string[];
  readonly artifacts?: Readonly<Record<string, ExpectedArtifact>>;
  /** There is no artifact but those, logs included. */
  readonly noOtherArtifacts?: boolean;
  /** From the run's start to its resolution. */
  readonly seconds?: { readonly least: number; readonly most: number };
  /** Of the worker itself, which the case has for its own. */
  readonly exitStatus?: number;
}

/** A file that the case's payload can name as `<files>/NAME`: a text, or an archive of texts. */
export type Served = string | { readonly "tar.gz": Record<string, string> } | { readonly zip: Record<string, string> };

/** The use of an interactive shell. */
export interface ShellUse {
  /** That leads to the shell. */
  readonly artifact: string;
  /** A line, and a pattern that the output after it matches. */
  readonly types?: string;
  readonly shows?: string;
  /** In place of that: the status that another secret is answered with. */
  readonly stranger?: number;
}

/** What happens while the task runs, when its live log shows the pattern. */
export interface WhileRunning {
  readonly logShows: string;
  readonly cancel?: true;
  /** Methods, and the status that the address of the live log answers. */
  readonly answers?: Readonly<Record<string, number>>;
  readonly shell?: ShellUse;
}

export interface Case {
  /** As the peer's test is called. */
  readonly name: string;
  /** What it is about, where the name does not say it. */
  readonly about?: string;
  readonly status: Status;
  /** Why we answer differently, or why the case does not apply. */
  readonly reason?: string;
  /** What the peer's test asserts, where we do not do the same. */
  readonly peerExpects?: string;
  /** Not one of the peer's black-box tests: the same, asked of the whole worker. */
  readonly restated?: boolean;
  /** Of a case that is "not yet": the log names it. */
  readonly feature?: string;
  /** Settings that differ from the suite's; such a case has a worker of its own. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The worker registers with worker-manager, which answers so many of its questions that it is needed, and then not. */
  readonly manager?: { readonly needsIt: number };
  readonly task?: {
    readonly scopes?: readonly string[];
    readonly dependencies?: readonly string[];
    readonly deadline?: string;
    readonly expires?: string;
  };
  readonly files?: Readonly<Record<string, Served>>;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly whileRunning?: WhileRunning;
  readonly expect?: Expected;
}

/** One file of cases: one test file of the peer. */
export interface CaseFile {
  readonly peer: Peer;
  /** The peer's file, or the part of its suite. */
  readonly tests: string;
  readonly cases: readonly Case[];
}

/** A case and where it stands. */
export interface Placed extends Case {
  readonly peer: Peer;
  readonly tests: string;
}
