/** Asks worker-manager, before a worker asks for tasks, whether it wants the worker to end. */
import { setTimeout as sleep } from "node:timers/promises";
import { toQueueError } from "../queue/retry.ts";
import type { QueueError } from "../queue/task-queue.ts";
import type { Termination } from "./check.ts";

/** Between two questions: as long as the queue holds the poll of a worker without tasks. */
const USUAL_MS = 20_000;
/** After an answer that will not change soon: the worker may not ask, or worker-manager does not know it. */
const REFUSED_MS = 5 * 60_000;
/** A worker-manager that does not answer keeps nobody longer from the queue. */
const LONGEST_WAIT_MS = 5_000;

export interface Listener {
  /** worker-manager wants the worker to end, for this reason. */
  wanted(reason: string): void;
  /** Hears of the first failure in a row. */
  failed(error: QueueError): void;
}

export class TerminationWatch {
  readonly #ask: () => Promise<Termination>;
  readonly #listener: Listener;
  readonly #waitMs: number;
  #asking: Promise<void> | null = null;
  #failures = 0;
  #nextAt = 0;

  constructor(ask: () => Promise<Termination>, listener: Listener, waitMs = LONGEST_WAIT_MS) {
    this.#ask = ask;
    this.#listener = listener;
    this.#waitMs = waitMs;
  }

  /**
   * To be called before each poll: a worker that has no place left cannot be kept from a task, so nobody asks for it. Waits
   * for the answer, though not for long; one that comes later counts as well. Never throws.
   */
  async look(): Promise<void> {
    if (!this.#asking && performance.now() >= this.#nextAt) {
      this.#nextAt = performance.now() + USUAL_MS;
      this.#asking = this.#look().finally(() => {
        this.#asking = null;
      });
    }
    if (this.#asking) await Promise.race([this.#asking, sleep(this.#waitMs, undefined, { ref: false })]);
  }

  async #look(): Promise<void> {
    try {
      const { terminate, reason } = await this.#ask();
      this.#failures = 0;
      if (terminate) this.#listener.wanted(reason);
    } catch (thrown) {
      const error = toQueueError(thrown);
      if (this.#failures++ === 0) this.#listener.failed(error);
      if (error.status === 403 || error.status === 404) this.#nextAt = performance.now() + REFUSED_MS;
    }
  }

  /** Whether an idle worker may end: worker-manager says so, or says nothing. */
  async confirms(): Promise<boolean> {
    try {
      return (await this.#ask()).terminate;
    } catch {
      // What is wrong is told by `look`; an idle worker ends then as it does without worker-manager.
      return true;
    }
  }
}
