/** Finds out whether the worker is quarantined. The queue does not say so when it gives no tasks: it has to be asked. */

import { toQueueError } from "./retry.ts";
import type { QueueError } from "./task-queue.ts";

/** Between two questions of a worker that gets no tasks. */
const SUSPECTED_MS = 5 * 60_000;
/** Of one that is quarantined, for somebody may end that early. */
const QUARANTINED_MS = 30_000;

export class QuarantineWatch {
  readonly #ask: () => Promise<Date | null>;
  readonly #failed: (error: QueueError) => void;
  readonly #now: () => number;
  #isSuspected = false;
  #until: Date | null = null;
  #nextAt = 0;

  /** `failed` hears why the queue does not answer: once when it never will. `now` in milliseconds. */
  constructor(ask: () => Promise<Date | null>, failed: (error: QueueError) => void, now: () => number = Date.now) {
    this.#ask = ask;
    this.#failed = failed;
    this.#now = now;
  }

  /** How many tasks a poll has brought. */
  polled(claims: number): void {
    this.#isSuspected = claims === 0;
  }

  /** The end of the quarantine; null when there is none, or nobody knows of it. Never throws. */
  async until(): Promise<Date | null> {
    if (this.#isSuspected && this.#now() >= this.#nextAt) await this.#look();
    return this.#until && this.#until.getTime() > this.#now() ? this.#until : null;
  }

  async #look(): Promise<void> {
    try {
      this.#until = await this.#ask();
      this.#nextAt = this.#now() + (this.#until ? QUARANTINED_MS : SUSPECTED_MS);
    } catch (thrown) {
      const error = toQueueError(thrown);
      const isForbidden = error.status === 401 || error.status === 403;
      this.#nextAt = isForbidden ? Number.POSITIVE_INFINITY : this.#now() + SUSPECTED_MS;
      this.#until = null;
      this.#failed(error);
    }
  }
}
