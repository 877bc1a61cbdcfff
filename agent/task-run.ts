/** One task from its claim to its resolution. `run` reads top to bottom as the task's life. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Causes } from "./causes.ts";
import { footerLines, headerLines } from "./log-lines.ts";
import type { Logger } from "./logger.ts";
import { type Cause, decide, type ExceptionReason, type Outcome } from "./outcome.ts";
import type { TaskPayload } from "./payload/payload.ts";
import { readPayload } from "./payload/read.ts";
import { ClaimKeeper, lostCause, saysLost } from "./queue/claim-keeper.ts";
import { report } from "./queue/report.ts";
import { toQueueError } from "./queue/retry.ts";
import type { TaskQueue } from "./queue/task-queue.ts";
import type { Claim } from "./queue/types.ts";
import type { RunOwner } from "./run-owner.ts";
import type { RunServices } from "./run-services.ts";
import type { TaskContext } from "./task-context.ts";
import { TaskLog } from "./task-log.ts";
import { TaskPlugins } from "./task-plugins.ts";
import { TaskSandbox } from "./task-sandbox.ts";

/** After an exception the queue takes uploads for 25 minutes; a worker that must end does not wait that long. */
const UPLOAD_AFTER_EXCEPTION_MS = 20 * 60_000;
const UPLOAD_AFTER_SHUTDOWN_MS = 60_000;

/** Uploads of files end in time for the log and the report, and after this time at the latest. */
const COLLECT_MS = 3 * 3_600_000;
const COLLECT_SHARE = 0.8;

function collectMs({ task, clockAheadMs }: Claim): number {
  const leftMs = Date.parse(task.deadline) + clockAheadMs - Date.now();
  return Math.max(0, Math.min(COLLECT_MS, leftMs * COLLECT_SHARE));
}

interface Opened {
  readonly context: TaskContext;
  readonly plugins: TaskPlugins;
}

export class TaskRun {
  readonly #claim: Claim;
  readonly #queue: TaskQueue;
  readonly #services: RunServices;
  readonly #owner: RunOwner;
  readonly #logger: Logger;
  readonly #keeper: ClaimKeeper;
  readonly #causes: Causes;
  readonly #claimedAt = Date.now();
  #work = new AbortController();
  #scratch: string | null = null;
  #sandbox: TaskSandbox | null = null;
  #resolved = false;
  /** Aborted when the worker is to end: from here on nothing is uploaded for long. */
  readonly #shutdown = new AbortController();

  /** The claim is kept alive from here on. */
  constructor(claim: Claim, queue: TaskQueue, services: RunServices, owner: RunOwner) {
    this.#claim = claim;
    this.#queue = queue;
    this.#services = services;
    this.#owner = owner;
    this.#logger = services.logger.child({ taskId: claim.taskId, runId: claim.runId });
    this.#causes = new Causes(this.#logger, owner.troubled);
    const { reclaimOffset, cancelCheckSecs } = services.config;
    this.#keeper = new ClaimKeeper({
      queue,
      reclaimOffset,
      cancelCheckSecs,
      lost: (cause) => this.abort(cause),
      failed: ({ code, message }) => this.#logger.warn({ code }, `The claim could not be renewed yet: ${message}`),
    });
  }

  /**
   * Ends the run early: its commands are killed at once, the cause counts in the outcome. Once resolved it has no effect but
   * that a worker which shuts down does not wait long for uploads.
   */
  abort(cause: Cause): void {
    if (cause.kind === "worker-shutdown") this.#shutdown.abort();
    if (this.#resolved) return;
    this.#causes.add(cause);
    this.#stop(cause);
  }

  #stop(cause: Cause): void {
    // What a task left behind is still uploaded when it merely failed.
    if (decide([cause]).state === "exception") this.#work.abort();
    this.#sandbox?.kill().catch((error: unknown) => this.#failed(error, "kill"));
  }

  /** Whether its first command was about to run; if not, and the machine was to blame, why. Known when `run` resolves. */
  get begun(): boolean {
    return this.#causes.begun;
  }

  get hindrance(): string | null {
    return this.#causes.hindrance;
  }

  /** Never throws: whatever goes wrong is a cause, and the queue is told. */
  async run(): Promise<Outcome> {
    const { lost } = this.#services.engine;
    const onLost = () => this.abort({ kind: "worker-shutdown", message: "The worker lost its helper." });
    lost.addEventListener("abort", onLost, { once: true });
    if (lost.aborted) onLost();

    const opened = await this.#attempt("open", () => this.#open());
    if (opened) {
      await this.#attempt("build", () => this.#build(opened));
      await this.#attempt("commands", () => this.#execute(opened));
      await opened.plugins.commandsEnded();
      await this.#attempt("collect", () => this.#collect(opened));
      await this.#attempt("log", () => this.#closeLog(opened));
    }
    const outcome = await this.#resolve(opened);
    lost.removeEventListener("abort", onLost);
    await this.#dispose(opened);
    return outcome;
  }

  /** The log, its first lines, the payload and the plugins: all that it takes to tell an author what is wrong. */
  async #open(): Promise<Opened> {
    const { config, scratchRoot, plugins, events } = this.#services;
    const { taskId, runId, task } = this.#claim;
    const scratch = await mkdtemp(join(scratchRoot, `${taskId}-${runId}-`));
    this.#scratch = scratch;
    const log = await TaskLog.open(join(scratch, "live_backing.log"), config.maxLogBytes);
    const message = `The task wrote more than ${config.maxLogBytes} bytes to its log.`;
    log.full.addEventListener("abort", () => this.abort({ kind: "log-too-large", message }));
    log.failed.addEventListener("abort", () => this.#logFailed(log.failed.reason));
    events({ event: "claimed", taskId, runId, created: task.created, log });
    for (const line of headerLines({ ...config, taskId })) log.info(line);
    const payload = readPayload(task, config, log, (error) => this.#failed(error, "payload"));
    const context = this.#context(payload, log, scratch);
    return { context, plugins: new TaskPlugins(plugins, context, (error, where) => this.#failed(error, where)) };
  }

  #context(payload: TaskPayload, log: TaskLog, scratch: string): TaskContext {
    const { taskId, runId, task } = this.#claim;
    const signal = () => this.#work.signal;
    const abort = (cause: Cause) => this.abort(cause);
    const { config } = this.#services;
    const queue = this.#queue;
    return {
      ...{ taskId, runId, task, payload, config, log, queue, abort, scratch },
      get signal() {
        return signal();
      },
    };
  }

  async #build({ context, plugins }: Opened): Promise<void> {
    if (this.#ending) return;
    const { engine, events } = this.#services;
    const sandbox = await TaskSandbox.make(engine, context.signal);
    this.#sandbox = sandbox;
    const { taskId, runId } = context;
    const { name, uid } = sandbox.user;
    events({ event: "user", taskId, runId, name, uid });
    if (!this.#ending) await sandbox.buildSandbox(plugins);
    if (!this.#ending) await sandbox.placeContext(context);
    if (!this.#ending) await sandbox.placeLink(context);
    if (!this.#ending) await sandbox.start(plugins);
  }

  async #execute({ context, plugins }: Opened): Promise<void> {
    if (this.#ending || !this.#sandbox) return;
    const { taskId, runId } = context;
    this.#causes.begin();
    this.#services.events({ event: "started", taskId, runId });
    await this.#sandbox.runCommands(context, plugins, () => this.#ending);
  }

  /** Kills what is left of the task, then lets the plugins read its files. */
  async #collect({ context: { log }, plugins }: Opened): Promise<void> {
    const result = await this.#sandbox?.finish();
    if (!result) return;
    if (result.leftover === 1) log.info("1 process outlived the last command and was killed");
    if (result.leftover > 1) log.info(`${result.leftover} processes outlived the last command and were killed`);
    const { outcome } = this.#causes;
    // Nobody reads the files of a run that is to be an exception, unless the task asked for another try itself.
    if (outcome.state === "exception" && outcome.reason !== "intermittent-task") return;
    const timer = setTimeout(() => this.#giveUpFiles(), collectMs(this.#claim));
    await plugins.stopped(result, outcome.state === "completed");
    clearTimeout(timer);
    // The log of a task that merely failed is still to be uploaded.
    if (this.#work.signal.aborted && this.#causes.outcome.state !== "exception") this.#work = new AbortController();
  }

  #giveUpFiles(): void {
    this.#causes.add({ kind: "plugin-failed", message: "The files of the task could not be uploaded in time." });
    this.#work.abort();
  }

  async #closeLog({ context: { log } }: Opened): Promise<void> {
    for (const line of footerLines(Date.now() - this.#claimedAt)) log.info(line);
    const { outcome } = this.#causes;
    if (outcome.state !== "completed") log.error(outcome.cause.message);
    await log.close();
  }

  /** Nobody could see what the task does from here on. */
  #logFailed(error: unknown): void {
    const cause = this.#failed(error, "log");
    if (cause) this.#stop(cause);
  }

  /** Completed and failed: upload, then report. An exception: report, then upload. */
  async #resolve(opened: Opened | null): Promise<Outcome> {
    const sofar = this.#causes.outcome;
    if (sofar.state !== "exception") await opened?.plugins.finished(sofar.state === "completed");
    const wanted = this.#causes.outcome;
    const reported = await this.#report(wanted);
    const outcome = reported ? wanted : this.#causes.outcome;
    this.#resolved = true;
    this.#keeper.stop();
    this.#announce(outcome, reported);
    // A queue that cannot be told takes no log either, and a worker that is to end does not wait for it.
    const isHopeless = outcome.state === "exception" && outcome.reason === "worker-shutdown" && !reported;
    if (outcome.state === "exception" && !isHopeless) await this.#uploadAfter(outcome.reason, opened);
    return outcome;
  }

  /** False when the queue was not to be told, would not hear it, or could not be reached. */
  async #report(outcome: Outcome): Promise<boolean> {
    if (outcome.state === "exception" && !outcome.report) return false;
    const isGivenBack = outcome.state === "exception" && outcome.reason === "worker-shutdown";
    if (isGivenBack || this.hindrance !== null) this.#owner.holdPolls();
    if (isGivenBack) await this.#owner.polled().catch(() => {}); // What becomes of the poll is for the worker to say.
    try {
      await report(this.#queue, outcome);
      return true;
    } catch (thrown) {
      const { code, status, message } = toQueueError(thrown);
      this.#logger.error({ code }, `The queue could not be told that the task is ${outcome.state}: ${message}`);
      if (saysLost({ status }, this.#queue.takenUntil)) this.#causes.add(await lostCause(this.#queue));
      return false;
    }
  }

  #announce(outcome: Outcome, reported: boolean): void {
    const { taskId, runId } = this.#claim;
    const { state } = outcome;
    const reason = outcome.state === "exception" ? outcome.reason : null;
    const message = outcome.state === "completed" ? null : outcome.cause.message;
    this.#logger.info({ state, reason, reported }, message ?? "The task completed.");
    this.#services.events({ event: "resolved", taskId, runId, state, reason, message, reported });
  }

  async #uploadAfter(reason: ExceptionReason, opened: Opened | null): Promise<void> {
    // Whoever has the run now owns its artifacts; the log of a canceled one is still welcome.
    const work = reason === "claim-lost" ? this.#work : new AbortController();
    this.#work = work;
    const timers: NodeJS.Timeout[] = [];
    const limit = (ms: number): void => void timers.push(setTimeout(() => work.abort(), ms));
    const hurry = (): void => limit(UPLOAD_AFTER_SHUTDOWN_MS);
    const { signal } = this.#shutdown;
    limit(UPLOAD_AFTER_EXCEPTION_MS);
    if (reason === "worker-shutdown" || signal.aborted) hurry();
    else signal.addEventListener("abort", hurry);
    await opened?.plugins.exception(reason);
    signal.removeEventListener("abort", hurry);
    for (const timer of timers) clearTimeout(timer);
  }

  async #dispose(opened: Opened | null): Promise<void> {
    await opened?.plugins.dispose();
    await this.#attempt("dispose", () => this.#endUser());
    const scratch = this.#scratch;
    if (scratch) await this.#attempt("scratch", () => rm(scratch, { recursive: true, force: true }));
  }

  async #endUser(): Promise<void> {
    if (!this.#sandbox) return;
    const gone = await this.#sandbox.dispose();
    const { taskId, runId } = this.#claim;
    const { name, uid } = this.#sandbox.user;
    this.#services.events({ event: "gone", taskId, runId, gone, name, uid });
  }

  get #ending(): boolean {
    return this.#causes.any;
  }

  async #attempt<T>(step: string, action: () => Promise<T>): Promise<T | null> {
    try {
      return await action();
    } catch (error) {
      this.#failed(error, step);
      return null;
    }
  }

  /** Null for what merely follows from the end of the run. */
  #failed(error: unknown, where: string): Cause | null {
    const aborted = this.#work.signal.aborted && error instanceof Error && error.name === "AbortError";
    return aborted ? null : this.#causes.addError(error, where);
  }
}
