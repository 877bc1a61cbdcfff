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
  readonly takenUntil: Date;
  readonly credentials: Credentials;
}

export interface Claim extends ClaimedRun {
  readonly task: TaskDefinition;
}

export type ArtifactRequest =
  | { storageType: "s3"; expires: string; contentType: string; contentLength?: number }
  | { storageType: "object"; expires: string; contentType: string }
  | { storageType: "reference"; expires: string; contentType: string; url: string }
  | { storageType: "link"; expires: string; contentType?: string; artifact: string }
  | { storageType: "error"; expires: string; reason: string; message: string };
