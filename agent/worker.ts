/** The claim loop: asks the queue for as many tasks as there is room for, and runs every one that it gets. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Activity, IdleReason } from "./activity.ts";
import { ActivityLog } from "./activity-log.ts";
import type { Cause } from "./outcome.ts";
import { MOST_CLAIMS, type QueueClient } from "./queue/queue-client.ts";
import { toQueueError, waitMs } from "./queue/retry.ts";
import type { Claim } from "./queue/types.ts";
import { Readiness } from "./readiness.ts";
import { Reports } from "./reports.ts";
import { Rest } from "./rest.ts";
import type { RunServices } from "./run-services.ts";
import type { RunningTask } from "./status/report.ts";
import type { TaskCount } from "./task-count.ts";
import { TaskRun } from "./task-run.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** Why the worker has ended: asked to, or by its own configuration. */
export type WorkerEnd = "stopped" | "tasks-done" | "idle-timeout";

export interface WorkerStatus {
  readonly activity: Activity;
  /** Tasks at once. */
  readonly capacity: number;
  readonly running: readonly Omit<RunningTask, "user">[];
  /** Runs that have ended, however. */
  readonly ended: number;
  /** When a task was claimed last; null before the first. */
  readonly lastClaim: string | null;
}

export interface WorkerOptions extends RunServices {
  readonly client: QueueClient;
  readonly count: TaskCount;
  /** Asked when `idleTimeoutSecs` are over; if the worker is not to end, the time begins anew. */
  readonly mayEnd?: (() => Promise<boolean>) | undefined;
  /** Waited for before each poll: somebody may stop the worker rather than have it claim. Never throws. */
  readonly beforePoll?: (() => Promise<void>) | undefined;
  /** Told after each change of `status`. */
  readonly changed?: (status: WorkerStatus) => void;
}

interface Running {
  readonly run: TaskRun;
  readonly ended: Promise<void>;
  readonly since: string;
}

const REFUSED_BACKOFF_MS = 60_000;
const LOOK_MS = 30_000;
const SHORTEST_LOOK_MS = 100;
const shutdown: Cause = { kind: "worker-shutdown", message: "The worker is shutting down." };
const surplus: Cause = {
  kind: "worker-shutdown",
  message: "The queue gave this worker more tasks than it had asked for.",
};

export class Worker {
  readonly #options: WorkerOptions;
  readonly #running = new Map<Claim, Running>();
  readonly #reports: Reports;
  /** The newest poll, and what it brought is begun. */
  #polling: Promise<unknown> = Promise.resolve();
  readonly #rest = new Rest();
  readonly #readiness: Readiness;
  readonly #stopping = new AbortController();
  readonly #activity: ActivityLog;
  #stoppedNow = false;
  /** How long to wait at least when the queue last gave nothing. */
  #askedMs = 0;
  #stopReason: IdleReason = { kind: "draining" };
  #lastClaim: string | null = null;
  #ended = 0;
  #lastTask = performance.now();
  #wake = Promise.withResolvers<void>();

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#reports = new Reports(options.client, options.logger, () => this.#changed());
    this.#readiness = new Readiness(options.client, options);
    this.#activity = new ActivityLog(options.logger, this.#stopping.signal);
  }

  get status(): WorkerStatus {
    const running = [...this.#running].map(([claim, { since }]) => {
      const { taskId, runId } = claim;
      return { taskId, runId, since, unheard: this.#reports.isUnheard(claim) };
    });
    const { capacity } = this.#options.config;
    return { activity: this.#activity.now, capacity, running, ended: this.#ended, lastClaim: this.#lastClaim };
  }

  /** Claims nothing more; the tasks under way are finished. */
  stopGracefully(reason: IdleReason = { kind: "draining" }): void {
    if (!this.#stopping.signal.aborted) {
      this.#stopReason = reason;
      this.#be({ state: "idle", reason });
    }
    this.#stopping.abort();
    this.#wake.resolve();
  }

  /** Claims nothing more and ends the tasks under way, as worker-shutdown: the queue runs them again elsewhere. */
  stopNow(reason?: IdleReason): void {
    this.#reports.hurry();
    this.endRuns(reason);
  }

  /** The same for a worker that another one of this process follows: the queue is told with patience. */
  endRuns(reason?: IdleReason): void {
    this.#stoppedNow = true;
    this.stopGracefully(reason);
    for (const { run } of this.#running.values()) run.abort(shutdown);
  }

  /** Until the worker is stopped or its configuration ends it, and every task is resolved. To be called once. */
  async run(): Promise<WorkerEnd> {
    try {
      return await this.#claimLoop();
    } finally {
      this.#be({ state: "idle", reason: this.#stopReason });
      while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ ended }) => ended));
      await this.#reports.refused();
      this.#be({ state: "idle", reason: { kind: "ended" } });
    }
  }

  async #claimLoop(): Promise<WorkerEnd> {
    const { numberOfTasksToRun, idleTimeoutSecs, pollingInterval } = this.#options.config;
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      if (this.#running.size === 0) for (const { idle } of this.#options.plugins) idle?.();
      if (numberOfTasksToRun > 0 && this.#counted >= numberOfTasksToRun) return "tasks-done";
      if (idleTimeoutSecs > 0 && this.#idleMs() >= idleTimeoutSecs * 1000) {
        if ((await this.#options.mayEnd?.()) ?? true) return "idle-timeout";
        this.#lastTask = performance.now();
      }
      if (this.#room() === 0) {
        this.#be({ state: "full", isHeld: this.#reports.arePollsHeld });
        await this.#wake.promise;
        continue;
      }
      await this.#options.beforePoll?.();
      if (this.#stopping.signal.aborted) break;
      if (this.#rest.leftMs > 0) {
        await this.#takeRest();
      } else if (await this.#canRunTasks()) {
        const began = performance.now();
        const claiming = this.#claim(this.#room());
        this.#polling = claiming;
        const claimed = await claiming;
        failures = claimed === null ? failures + 1 : 0;
        if (claimed === 0) await this.#pause(pollingInterval * 1000 - (performance.now() - began));
        if (claimed === null) await this.#pause(Math.max(waitMs(failures, this.#askedMs), pollingInterval * 1000));
      }
    }
    return "stopped";
  }

  /** Tasks that `numberOfTasksToRun` counts: resolved, and under way. */
  get #counted(): number {
    return this.#options.count.resolved + this.#running.size;
  }

  /** How many tasks the worker can take now. */
  #room(): number {
    if (this.#reports.arePollsHeld) return 0;
    const { capacity, numberOfTasksToRun } = this.#options.config;
    const left = numberOfTasksToRun > 0 ? numberOfTasksToRun - this.#counted : MOST_CLAIMS;
    const most = this.#rest.isDoubtful ? 1 : MOST_CLAIMS;
    return Math.max(0, Math.min(capacity - this.#running.size, left, most));
  }

  /** The number of claims; null when the queue could not be asked. A poll under way is never cut off: it may claim. */
  async #claim(room: number): Promise<number | null> {
    const { client } = this.#options;
    this.#be({ state: "claiming", most: room });
    try {
      const claims = await client.claimWork(room, (error, run) => this.#reports.refuse(error, run));
      this.#activity.claimsAgain();
      this.#readiness.polled(claims.length);
      for (const [n, claim] of claims.entries()) this.#tryStart(claim, n < room);
      return claims.length;
    } catch (thrown) {
      const { status, code, message, retryAfterMs } = toQueueError(thrown);
      this.#askedMs = status === 401 || status === 403 ? REFUSED_BACKOFF_MS : retryAfterMs;
      this.#idle({ kind: "queue", message }, { code, status });
      this.#failed();
      return null;
    }
  }

  /** One claim that cannot be started is no reason to drop those beside it. */
  #tryStart(claim: Claim, wanted: boolean): void {
    if (this.#has(claim)) return;
    try {
      const run = this.#start(claim);
      if (!wanted) run.abort(surplus);
    } catch (error) {
      const { taskId, runId } = claim;
      this.#options.logger.error({ taskId, runId, err: error }, "A claimed task could not be started.");
    }
  }

  /** Two tasks for one run would report, and upload, over each other. The one under way is none the worse for it. */
  #has({ taskId, runId }: Claim): boolean {
    if (![...this.#running.keys()].some((each) => each.taskId === taskId && each.runId === runId)) return false;
    this.#options.logger.error({ taskId, runId }, "The queue gave this worker a run that it has already.");
    return true;
  }

  #start(claim: Claim): TaskRun {
    const { events, logger } = this.#options;
    const { taskId, runId } = claim;
    const queue = this.#reports.queueOf(claim, (name, storageType) =>
      events({ event: "artifact", taskId, runId, name, storageType }),
    );
    const run = new TaskRun(claim, queue, this.#options, {
      troubled: () => this.#readiness.troubled(),
      holdPolls: () => this.#reports.holdPolls(claim),
      polled: () => this.#polling,
    });
    this.#lastClaim = new Date().toISOString();
    if (this.#stoppedNow) run.abort(shutdown);
    logger.info({ taskId, runId }, "Claimed a task.");
    const ended = run.run().then(
      (outcome) => {
        if (outcome.state === "exception" && outcome.reason === "internal-error") this.#failed();
        this.#rest.ended(run.begun, run.hindrance);
        this.#forget(claim);
      },
      (error: unknown) => {
        logger.fatal({ taskId, runId, err: error }, "A run ended in a way that it should not.");
        this.#failed();
        this.#forget(claim);
      },
    );
    this.#running.set(claim, { run, ended, since: new Date().toISOString() });
    this.#changed();
    return run;
  }

  #forget(claim: Claim): void {
    this.#running.delete(claim);
    this.#reports.forget(claim);
    this.#options.count.add();
    this.#ended += 1;
    this.#lastTask = performance.now();
    this.#changed();
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #failed(): void {
    for (const { workerFailed } of this.#options.plugins) workerFailed?.();
  }

  #idleMs(): number {
    return this.#running.size > 0 ? 0 : performance.now() - this.#lastTask;
  }

  /** Whether to poll now. False after a while when there is a reason to be idle. A worker that is to end waits for no look. */
  async #canRunTasks(): Promise<boolean> {
    const reason = await unlessAborted(this.#readiness.hindrance(), this.#stopping.signal).catch(() => null);
    // Looking takes its time: a run may have had trouble meanwhile.
    if (!reason) return !this.#stopping.signal.aborted && this.#rest.leftMs === 0 && this.#room() > 0;
    this.#idle(reason);
    await this.#pause(Math.max(this.#options.config.pollingInterval * 1000, SHORTEST_LOOK_MS));
    return false;
  }

  async #takeRest(): Promise<void> {
    const { leftMs, reason } = this.#rest;
    this.#idle({ kind: "resting", seconds: Math.ceil(leftMs / 1000), message: reason });
    await this.#pause(Math.min(leftMs, LOOK_MS));
  }

  /** Until the time is over or the worker is to stop. */
  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    try {
      await sleep(ms, undefined, { signal: this.#stopping.signal });
    } catch {
      // Only the stop signal ends a sleep early, and the loop looks at that next.
    }
  }

  /** A worker that is to end has its reason already. */
  #idle(reason: IdleReason, fields: object = {}): void {
    if (!this.#stopping.signal.aborted) this.#be({ state: "idle", reason }, fields);
  }

  #be(activity: Activity, fields: object = {}): void {
    this.#activity.be(activity, fields);
    this.#changed();
  }

  #changed(): void {
    this.#options.changed?.(this.status);
  }
}
