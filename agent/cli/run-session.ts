/** The tasks of one `run-task`, from their creation to the last event of the last of them. */
import type { LocalQueue, TaskStatus } from "../local/queue.ts";
import type { TaskEvent } from "../task-events.ts";
import type { WorkerStatus } from "../worker.ts";
import type { ExitStatus } from "./exit-status.ts";
import type { RunReport } from "./run-report.ts";
import type { TaskCreator } from "./task-creator.ts";
import type { PlannedTask } from "./task-plan.ts";

const endStates: readonly string[] = ["completed", "failed", "exception"];

export interface SessionTask {
  readonly task: PlannedTask;
  readonly report: RunReport;
}

export class RunSession {
  readonly #tasks: ReadonlyMap<string, SessionTask>;
  readonly #creator: TaskCreator;
  readonly #allEnded = Promise.withResolvers<void>();
  readonly #stopWatching: () => void;

  /** Watches the queue from here on, so the tasks must not exist yet. */
  constructor(tasks: readonly SessionTask[], queue: LocalQueue, creator: TaskCreator) {
    this.#tasks = new Map(tasks.map((entry) => [entry.task.taskId, entry]));
    this.#creator = creator;
    this.#stopWatching = queue.onChange((status) => this.#changed(status));
  }

  /** Throws CommandError when the queue refuses one; those before it exist then. */
  async create(): Promise<void> {
    for (const { task } of this.#tasks.values()) await this.#creator.create(task);
  }

  /** Resolves when every task has had its last event. */
  get allEnded(): Promise<void> {
    return this.#allEnded.promise;
  }

  take(event: TaskEvent): void {
    this.#tasks.get(event.taskId)?.report.take(event);
    this.#look();
  }

  /** A run that is over without a word about a task user never had one, or lost it with the helper. */
  workerChanged({ running }: WorkerStatus): void {
    const busy = new Set(running.map(({ taskId }) => taskId));
    for (const [taskId, { report }] of this.#tasks) {
      if (report.resolved && !busy.has(taskId) && report.claimed) report.end(null);
    }
    this.#look();
  }

  /** Cancels what is not resolved: all of it, or only what no run has begun with. */
  async cancel(which: "all" | "unclaimed"): Promise<void> {
    const wanted = [...this.#tasks.values()].filter(
      ({ report }) => !report.resolved && (which === "all" || !report.claimed),
    );
    await Promise.all(wanted.map(({ task }) => this.#creator.cancel(task.taskId)));
  }

  /** After the worker has ended: closes what is still open, and answers every task's exit status. */
  async finish(): Promise<ExitStatus[]> {
    this.#stopWatching();
    for (const { report } of this.#tasks.values()) {
      report.resolve("exception", "worker-shutdown", "the worker ended before the task could run");
      report.end(null);
    }
    return Promise.all([...this.#tasks.values()].map(({ report }) => report.status()));
  }

  #changed({ taskId, state, runs }: TaskStatus): void {
    const entry = this.#tasks.get(taskId);
    if (!entry || !endStates.includes(state)) return;
    const newest = runs.at(-1);
    if (newest?.workerId === undefined && state === "exception") {
      entry.report.resolve("exception", newest?.reasonResolved ?? "canceled", "it never ran");
      entry.report.end(null);
      this.#look();
    }
    if (state !== "completed") this.#cancelDependents(taskId);
  }

  /** They would wait until their deadline for something that cannot happen any more. */
  #cancelDependents(taskId: string): void {
    for (const { task, report } of this.#tasks.values()) {
      if (!task.needs.includes(taskId) || task.definition["requires"] === "all-resolved" || report.resolved) continue;
      this.#creator.cancel(task.taskId).catch(() => this.#allEnded.resolve());
    }
  }

  #look(): void {
    if ([...this.#tasks.values()].every(({ report }) => report.ended)) this.#allEnded.resolve();
  }
}
