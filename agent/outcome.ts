/**
 * How a run is resolved, decided here and nowhere else. Every cause met on the way is collected; the first in the order
 * below wins, whatever came first in time.
 */

export type ExceptionReason =
  | "canceled"
  | "claim-lost"
  | "worker-shutdown"
  | "malformed-payload"
  | "internal-error"
  | "resource-unavailable"
  | "intermittent-task";

export type CauseKind =
  | "canceled"
  | "claim-lost"
  | "worker-shutdown"
  | "malformed-payload"
  | "internal-error"
  | "resource-unavailable"
  | "max-run-time"
  | "out-of-memory"
  | "log-too-large"
  | "retry-exit-status"
  | "command-failed"
  | "plugin-failed";

/** First match wins. `report`: what the queue is told; null when it must not be told anything. */
const order: readonly {
  kind: CauseKind;
  state: "failed" | "exception";
  reason: ExceptionReason | null;
  report: boolean;
}[] = [
  { kind: "canceled", state: "exception", reason: "canceled", report: false },
  { kind: "claim-lost", state: "exception", reason: "claim-lost", report: false },
  { kind: "worker-shutdown", state: "exception", reason: "worker-shutdown", report: true },
  { kind: "malformed-payload", state: "exception", reason: "malformed-payload", report: true },
  { kind: "internal-error", state: "exception", reason: "internal-error", report: true },
  { kind: "resource-unavailable", state: "exception", reason: "resource-unavailable", report: true },
  { kind: "max-run-time", state: "failed", reason: null, report: true },
  { kind: "out-of-memory", state: "failed", reason: null, report: true },
  { kind: "log-too-large", state: "failed", reason: null, report: true },
  { kind: "retry-exit-status", state: "exception", reason: "intermittent-task", report: true },
  { kind: "command-failed", state: "failed", reason: null, report: true },
  { kind: "plugin-failed", state: "failed", reason: null, report: true },
];

export interface Cause {
  readonly kind: CauseKind;
  /** One sentence for the last line of the task log. */
  readonly message: string;
}

export type Outcome =
  | { readonly state: "completed" }
  | { readonly state: "failed"; readonly cause: Cause }
  | { readonly state: "exception"; readonly reason: ExceptionReason; readonly report: boolean; readonly cause: Cause };

export function decide(causes: readonly Cause[]): Outcome {
  for (const row of order) {
    const cause = causes.find(({ kind }) => kind === row.kind);
    if (!cause) continue;
    if (row.reason === null) return { state: "failed", cause };
    return { state: "exception", reason: row.reason, report: row.report, cause };
  }
  return { state: "completed" };
}

/** Thrown by whatever meets a cause that ends the run; `task-run.ts` collects it. */
export class TaskError extends Error {
  readonly kind: CauseKind;
  constructor(kind: CauseKind, message: string) {
    super(message);
    this.name = "TaskError";
    this.kind = kind;
  }
}
