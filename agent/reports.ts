/** What the queue is told of all runs of a worker, what it could not be told yet, and whom the next poll waits for. */
import type { Logger } from "./logger.ts";
import type { QueueClient } from "./queue/queue-client.ts";
import type { RunTerms } from "./queue/run-queue.ts";
import type { QueueError, TaskQueue } from "./queue/task-queue.ts";
import type { ClaimedRun } from "./queue/types.ts";
import { messageOf } from "./thrown.ts";

export class Reports {
  readonly #client: QueueClient;
  readonly #logger: Logger;
  readonly #changed: () => void;
  /** Reports under way about claims that could not be run. */
  readonly #refusals = new Set<Promise<void>>();
  /** Those whose end the queue could not be told yet. */
  readonly #unheard = new Set<ClaimedRun>();
  /** Runs whose ends are waited for before the queue is asked for tasks again. */
  readonly #holding = new Set<ClaimedRun>();
  readonly #hurry = new AbortController();

  /** `changed` is called when a run could not be told of, and when it could after that. */
  constructor(client: QueueClient, logger: Logger, changed: () => void) {
    this.#client = client;
    this.#logger = logger;
    this.#changed = changed;
  }

  /** The worker is to end: from here on no report is tried for long. */
  hurry(): void {
    this.#hurry.abort();
  }

  queueOf(run: ClaimedRun, created: RunTerms["created"]): TaskQueue {
    const unheard = (error: QueueError): void => this.#notHeard(run, error);
    const heard = (): void => {
      if (this.#unheard.delete(run)) this.#changed();
    };
    return this.#client.forRun(run, { created, unheard, heard, hurry: this.#hurry.signal });
  }

  /** Whether the run is over, and the queue could not be told yet. */
  isUnheard(run: ClaimedRun): boolean {
    return this.#unheard.has(run);
  }

  /** Until the run is forgotten. */
  holdPolls(run: ClaimedRun): void {
    this.#holding.add(run);
  }

  get arePollsHeld(): boolean {
    return this.#holding.size > 0;
  }

  /** Nobody waits any longer for the queue to hear of the run. */
  forget(run: ClaimedRun): void {
    this.#unheard.delete(run);
    this.#holding.delete(run);
  }

  /** A claim that cannot be run: the queue gives the task to nobody else before it knows, or the claim ends. */
  refuse(error: Error, run: ClaimedRun | null): void {
    this.#logger.error({ taskId: run?.taskId, runId: run?.runId }, error.message);
    if (!run) return;
    const reporting = this.queueOf(run, () => {})
      .reportException("malformed-payload")
      .catch((refused: unknown) => this.#logger.error(`The queue could not be told so: ${messageOf(refused)}`))
      .finally(() => {
        this.#refusals.delete(reporting);
        this.forget(run);
      });
    this.#refusals.add(reporting);
  }

  /** Resolves when no refused claim is left that the queue is to hear of. */
  async refused(): Promise<void> {
    await Promise.all(this.#refusals);
  }

  /** Said once for each run, however often it is told again. */
  #notHeard(run: ClaimedRun, { code, message }: QueueError): void {
    if (this.#unheard.has(run)) return;
    this.#unheard.add(run);
    const { taskId, runId } = run;
    const what = "The queue could not be told yet how this run ended, and is told again";
    this.#logger.warn({ taskId, runId, code }, `${what}: ${message}`);
    this.#changed();
  }
}
