/**
 * The state machine of tasks and runs. No I/O, no timers, time comes from outside. A change whose precondition does not
 * hold changes nothing and says so; only the last run of a task can ever change.
 */
import { isDeepStrictEqual } from "node:util";
import { Dependencies, satisfied } from "./dependencies.ts";
import { PendingRuns } from "./pending.ts";
import { statusOf, type TaskRecord, taskState } from "./task-record.ts";
import type {
  LocalTask,
  ReasonCreated,
  ReasonResolved,
  ReportedReason,
  RunState,
  RunStatus,
  TaskStatus,
  Worker,
} from "./types.ts";

const maxRuns = 50;

/** Exceptions after which the queue makes another run, while retries are left. */
const retryReasons = new Map<ReasonResolved, ReasonCreated>([
  ["worker-shutdown", "retry"],
  ["claim-expired", "retry"],
  ["intermittent-task", "task-retry"],
]);

export interface StateOptions {
  readonly now: () => number;
  readonly claimTimeoutMs: number;
  readonly deadlineDelayMs: number;
  readonly onChange: (status: TaskStatus) => void;
  readonly onPending: (taskQueueId: string) => void;
}

export interface ClaimedRun {
  readonly record: TaskRecord;
  readonly run: RunStatus;
  readonly takenUntil: string;
}

export type Resolution =
  | { readonly state: "completed" }
  | { readonly state: "failed" }
  | { readonly state: "exception"; readonly reason: ReportedReason };

export class QueueState {
  readonly #options: StateOptions;
  readonly #records = new Map<string, TaskRecord>();
  readonly #unresolved = new Set<string>();
  readonly #pending = new PendingRuns();
  readonly #dependencies = new Dependencies();

  constructor(options: StateOptions) {
    this.#options = options;
  }

  record(taskId: string): TaskRecord | undefined {
    return this.#records.get(taskId);
  }

  status(taskId: string): TaskStatus | undefined {
    const record = this.#records.get(taskId);
    return record && statusOf(record);
  }

  deadlinePassed(record: TaskRecord): boolean {
    return record.deadlineMs <= this.#options.now();
  }

  /** Adds a task, scheduled at once unless it waits for others. Null: another task has this id. */
  create(taskId: string, task: LocalTask): TaskRecord | null {
    const existing = this.#records.get(taskId);
    if (existing) return isDeepStrictEqual(existing.task, task) ? existing : null;
    const record = { taskId, task, deadlineMs: Date.parse(task.deadline), retriesLeft: task.retries, runs: [] };
    this.#records.set(taskId, record);
    this.#unresolved.add(taskId);
    const missing = task.dependencies.filter((id) => {
      const dependency = this.#records.get(id);
      return !satisfied(task.requires, dependency && taskState(dependency));
    });
    if (missing.length > 0) {
      this.#dependencies.wait(taskId, task.requires, missing);
      this.#options.onChange(statusOf(record));
    } else {
      this.schedule(record);
    }
    return record;
  }

  /** Makes run 0 of an unscheduled task, whatever it waits for. */
  schedule(record: TaskRecord): boolean {
    if (record.runs.length > 0) return false;
    this.#addRun(record, "scheduled");
    return true;
  }

  /** Claims the next pending runs of a task queue, fewer than asked when there are not so many. */
  claimNext(taskQueueId: string, worker: Worker, limit: number): ClaimedRun[] {
    const claims: ClaimedRun[] = [];
    while (claims.length < limit) {
      const next = this.#pending.take(taskQueueId, this.#options.now());
      if (!next) break;
      const claim = this.#claim(next.taskId, next.runId, worker);
      if (claim) claims.push(claim);
    }
    return claims;
  }

  /** Moves takenUntil of the last run, if it is running and the deadline is ahead. */
  reclaim(record: TaskRecord, runId: number): string | null {
    const run = this.#lastRun(record, runId, ["running"]);
    if (!run || this.deadlinePassed(record)) return null;
    run.takenUntil = this.#takenUntil();
    this.#options.onChange(statusOf(record));
    return run.takenUntil;
  }

  /** Resolves the last run as its worker says; true also when that has happened before. */
  resolve(record: TaskRecord, runId: number, resolution: Resolution): boolean {
    const reason = resolution.state === "exception" ? resolution.reason : resolution.state;
    const run = this.#lastRun(record, runId, ["running"]);
    if (run) {
      this.#resolve(record, run, resolution.state, reason);
      return true;
    }
    const old = record.runs[runId];
    // A retry run that followed an exception must not make a repeated report fail.
    const newerRuns = resolution.state === "exception" ? 1 : 0;
    return (
      old?.state === resolution.state && old.reasonResolved === reason && record.runs.length - 1 - runId <= newerRuns
    );
  }

  /** Ends an unscheduled, pending or running task. */
  cancel(record: TaskRecord): boolean {
    return this.#end(record, "canceled");
  }

  /** Adds a run to a resolved task. False: it has the most runs already. */
  rerun(record: TaskRecord): boolean {
    const last = record.runs.at(-1);
    if (!last || last.state === "pending" || last.state === "running") return true;
    if (record.runs.length >= maxRuns) return false;
    record.retriesLeft = Math.max(0, Math.min(record.task.retries, maxRuns - last.runId - 2));
    this.#unresolved.add(record.taskId);
    this.#addRun(record, "rerun");
    return true;
  }

  /** What the queue does by itself as time passes: expired claims, then deadlines. */
  expire(): void {
    const now = this.#options.now();
    for (const taskId of [...this.#unresolved]) {
      const record = this.#records.get(taskId);
      if (!record) continue;
      const last = record.runs.at(-1);
      if (record.deadlineMs + this.#options.deadlineDelayMs <= now) {
        this.#end(record, "deadline-exceeded");
      } else if (
        last?.state === "running" &&
        Date.parse(last.takenUntil ?? "") <= now &&
        !this.deadlinePassed(record)
      ) {
        this.#resolve(record, last, "exception", "claim-expired");
      }
    }
  }

  #claim(taskId: string, runId: number, worker: Worker): ClaimedRun | null {
    const record = this.#records.get(taskId);
    const run = record && this.#lastRun(record, runId, ["pending"]);
    if (!run) return null;
    const takenUntil = this.#takenUntil();
    Object.assign(run, {
      state: "running",
      workerGroup: worker.workerGroup,
      workerId: worker.workerId,
      takenUntil,
      started: this.#iso(),
    } satisfies Partial<RunStatus>);
    this.#options.onChange(statusOf(record));
    return { record, run, takenUntil };
  }

  #end(record: TaskRecord, reason: "canceled" | "deadline-exceeded"): boolean {
    const last = record.runs.at(-1);
    if (!last) {
      const now = this.#iso();
      const run: RunStatus = { runId: 0, state: "exception", reasonCreated: "exception", scheduled: now };
      record.runs.push(run);
      this.#resolve(record, run, "exception", reason);
      return true;
    }
    if (last.state !== "pending" && last.state !== "running") return false;
    this.#pending.remove(record.taskId);
    this.#resolve(record, last, "exception", reason);
    return true;
  }

  #resolve(record: TaskRecord, run: RunStatus, state: RunState, reason: ReasonResolved): void {
    run.state = state;
    run.reasonResolved = reason;
    run.resolved = this.#iso();
    const retry = retryReasons.get(reason);
    if (retry && record.retriesLeft > 0) {
      record.retriesLeft -= 1;
      this.#addRun(record, retry);
      return;
    }
    this.#unresolved.delete(record.taskId);
    this.#options.onChange(statusOf(record));
    for (const taskId of this.#dependencies.resolved(record.taskId, state)) {
      const dependent = this.#records.get(taskId);
      if (dependent) this.schedule(dependent);
    }
  }

  #addRun(record: TaskRecord, reasonCreated: ReasonCreated): void {
    const { taskId, task, deadlineMs } = record;
    const runId = record.runs.length;
    record.runs.push({ runId, state: "pending", reasonCreated, scheduled: this.#iso() });
    if (!this.deadlinePassed(record)) {
      this.#pending.add({ taskId, runId, taskQueueId: task.taskQueueId, priority: task.priority, deadlineMs });
      this.#options.onPending(task.taskQueueId);
    }
    this.#options.onChange(statusOf(record));
  }

  #lastRun(record: TaskRecord, runId: number, states: readonly RunState[]): RunStatus | undefined {
    const run = record.runs.at(-1);
    return run?.runId === runId && states.includes(run.state) ? run : undefined;
  }

  #takenUntil(): string {
    return new Date(this.#options.now() + this.#options.claimTimeoutMs).toISOString();
  }

  #iso(): string {
    return new Date(this.#options.now()).toISOString();
  }
}
