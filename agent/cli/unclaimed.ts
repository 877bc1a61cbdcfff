/** Tasks that no worker claims: what `submit --wait` says of them, once for each queue. */

/** A worker that is idle claims within a second or two. */
const patienceMs = 10_000;

export class Unclaimed {
  readonly #advice: string;
  readonly #pendingSince = new Map<string, number>();
  /** A worker serves them, or it has been said that none seems to. */
  readonly #settled = new Set<string>();

  /** `advice`: how to come by a worker. */
  constructor(advice: string) {
    this.#advice = advice;
  }

  /** Hears the state of a task, `now` in milliseconds. Answers with a sentence when its queue has been without a worker for long. */
  hear(taskQueueId: string, state: string, now: number): string | null {
    if (["running", "completed", "failed"].includes(state)) this.#settled.add(taskQueueId);
    if (state !== "pending" || this.#settled.has(taskQueueId)) return null;
    const since = this.#pendingSince.get(taskQueueId) ?? now;
    this.#pendingSince.set(taskQueueId, since);
    if (now - since < patienceMs) return null;
    this.#settled.add(taskQueueId);
    const what = `no worker has claimed a task of ${taskQueueId} for ${patienceMs / 1_000} s: none runs, or all are busy`;
    return `${what}; ${this.#advice}; Ctrl-C ends the waiting, and the tasks stay in the queue`;
  }
}
