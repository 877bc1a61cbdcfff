/** Runs that wait for a worker: per task queue, highest priority first, then the oldest. */
import type { Priority } from "./types.ts";

export interface PendingRun {
  readonly taskId: string;
  readonly runId: number;
  readonly taskQueueId: string;
  readonly priority: Priority;
  /** Epoch milliseconds: at the task's deadline the entry is worthless. */
  readonly deadlineMs: number;
}

export const priorities: readonly Priority[] = ["highest", "very-high", "high", "medium", "low", "very-low", "lowest"];

export class PendingRuns {
  readonly #queues = new Map<string, Map<Priority, Map<string, PendingRun>>>();

  /** Appends a run behind all others of its priority. */
  add(run: PendingRun): void {
    let queue = this.#queues.get(run.taskQueueId);
    if (!queue) {
      queue = new Map(priorities.map((priority) => [priority, new Map<string, PendingRun>()]));
      this.#queues.set(run.taskQueueId, queue);
    }
    queue.get(run.priority)?.set(run.taskId, run);
  }

  /** Removes whatever run of the task is waiting; a task has one at most. */
  remove(taskId: string): void {
    for (const queue of this.#queues.values()) {
      for (const runs of queue.values()) runs.delete(taskId);
    }
  }

  /** Takes the run that is next in turn, dropping those whose deadline has passed. */
  take(taskQueueId: string, nowMs: number): PendingRun | undefined {
    for (const runs of this.#queues.get(taskQueueId)?.values() ?? []) {
      for (const run of runs.values()) {
        runs.delete(run.taskId);
        if (run.deadlineMs > nowMs) return run;
      }
    }
    return undefined;
  }
}
