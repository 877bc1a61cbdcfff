/** The queue's nouns, as its published schemas name them. Ids are branded; queue/check.ts alone makes them. */

export type TaskId = string & { readonly brand: "TaskId" };
export type RunId = number & { readonly brand: "RunId" };

export interface Credentials {
  readonly clientId: string;
  readonly accessToken: string;
  /** JSON text, as the environment and the claim carry it. Absent for permanent credentials. */
  readonly certificate?: string;
}

/** The fields of a task that a worker reads; `whole` is the definition as the queue sent it. */
export interface TaskDefinition {
  readonly taskGroupId: string;
  readonly dependencies: readonly string[];
  readonly scopes: readonly string[];
  readonly created: string;
  readonly deadline: string;
  readonly expires: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly name: string; readonly owner: string; readonly source: string };
  readonly whole: Readonly<Record<string, unknown>>;
}

/** All that it takes to tell the queue about a run. */
export interface ClaimedRun {
  readonly taskId: TaskId;
  readonly runId: RunId;
  /** When the claim ends, by the clock of this machine. */
  readonly takenUntil: Date;
  /** How long a claim lasts. */
  readonly claimMs: number;
  /** By how much the clock of this machine was ahead of the queue's when it answered. */
  readonly clockAheadMs: number;
  readonly credentials: Credentials;
}

export interface Claim extends ClaimedRun {
  readonly task: TaskDefinition;
}

/** Without a contentLength, with which queues of version 96 to 106 answer 500 to the end of the upload. */
export type ObjectRequest = { storageType: "object"; expires: string; contentType: string };

export type ArtifactRequest =
  | { storageType: "s3"; expires: string; contentType: string; contentLength?: number }
  | { storageType: "reference"; expires: string; contentType: string; url: string }
  | { storageType: "link"; expires: string; contentType?: string; artifact: string }
  | { storageType: "error"; expires: string; reason: string; message: string };

/** Where and how to store an s3 artifact. */
export interface PutTarget {
  /** Signed: whoever has it can write there. Never logged. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An object that the queue has reserved for an artifact. */
export interface ReservedObject {
  readonly name: string;
  readonly projectId: string;
  readonly uploadId: string;
  readonly expires: string;
  /** For this object alone. */
  readonly credentials: Credentials;
}

export interface UploadMethods {
  readonly dataInline?: { readonly contentType: string; readonly objectData: string };
  readonly putUrl: { readonly contentType: string; readonly contentLength: number };
}

/** How the object service wants the content: it has it already, there is no way that suits both, or a PUT. */
export type UploadMethod = "stored" | "none" | PutTarget;

/** In hex. */
export interface Hashes {
  readonly sha256: string;
  readonly sha512: string;
}
