/** What the embedded queue keeps and shows, with the field names of the published schemas. */

export type RunState = "pending" | "running" | "completed" | "failed" | "exception";
export type TaskState = "unscheduled" | RunState;
export type Priority = "highest" | "very-high" | "high" | "medium" | "low" | "very-low" | "lowest";
export type ReasonCreated = "scheduled" | "retry" | "task-retry" | "rerun" | "exception";
/** The exceptions that a worker may report; the queue itself decides the others. */
export type ReportedReason =
  | "worker-shutdown"
  | "malformed-payload"
  | "resource-unavailable"
  | "internal-error"
  | "intermittent-task";
export type ReasonResolved =
  | "completed"
  | "failed"
  | "canceled"
  | "deadline-exceeded"
  | "claim-expired"
  | ReportedReason;

/** Dates are ISO strings with milliseconds, in UTC. */
export interface RunStatus {
  runId: number;
  state: RunState;
  reasonCreated: ReasonCreated;
  reasonResolved?: ReasonResolved;
  workerGroup?: string;
  workerId?: string;
  takenUntil?: string;
  scheduled: string;
  started?: string;
  resolved?: string;
}

export interface TaskStatus {
  taskId: string;
  provisionerId: string;
  workerType: string;
  taskQueueId: string;
  schedulerId: string;
  projectId: string;
  taskGroupId: string;
  priority: Priority;
  deadline: string;
  expires: string;
  retriesLeft: number;
  state: TaskState;
  runs: RunStatus[];
}

/** A task as it was created, with every default filled in. */
export interface LocalTask {
  provisionerId: string;
  workerType: string;
  taskQueueId: string;
  schedulerId: string;
  projectId: string;
  taskGroupId: string;
  dependencies: string[];
  requires: "all-completed" | "all-resolved";
  routes: string[];
  priority: Priority;
  retries: number;
  created: string;
  deadline: string;
  expires: string;
  scopes: string[];
  payload: Record<string, unknown>;
  metadata: { name: string; description: string; owner: string; source: string };
  tags: Record<string, string>;
  extra: Record<string, unknown>;
}

export interface Worker {
  readonly workerGroup: string;
  readonly workerId: string;
}
