/** Tasks that no worker claims: what `submit --wait` says of them, once for each queue. */
import { startLine } from "./instances.ts";

/** A worker that is idle claims within a second or two. */
const usualPatienceMs = 10_000;

/** How to come by a worker for tasks that wait. */
export function workerAdvice(queueIsLocal: boolean): string {
  if (!queueIsLocal) return "look on the machines of that pool what './taskcluster-worker status' says";
  const why = "'sudo ./taskcluster-worker status' says why one is idle";
  return `${why}; to start one, paste the lines that 'queue' has printed into another terminal, and type there: ${startLine()}`;
}

export class Unclaimed {
  readonly #advice: string;
  readonly #unserved: string;
  readonly #patienceMs: number;
  readonly #pendingSince = new Map<string, number>();
  /** A worker serves them, or it has been said that none seems to. */
  readonly #settled = new Set<string>();

  /** `advice`: how to come by a worker. `serves`: tasks need scripts that are served only as long as somebody waits. */
  constructor(advice: string, serves: boolean, patienceMs = usualPatienceMs) {
    this.#advice = advice;
    this.#unserved = serves ? ", where they fail without the scripts beside the file" : "";
    this.#patienceMs = patienceMs;
  }

  /** Hears the state of a task, `now` in milliseconds. Answers with a sentence when its queue has been without a worker for long. */
  hear(taskQueueId: string, state: string, now: number): string | null {
    if (["running", "completed", "failed"].includes(state)) this.#settled.add(taskQueueId);
    if (state !== "pending" || this.#settled.has(taskQueueId)) return null;
    const since = this.#pendingSince.get(taskQueueId) ?? now;
    this.#pendingSince.set(taskQueueId, since);
    if (now - since < this.#patienceMs) return null;
    this.#settled.add(taskQueueId);
    const seconds = this.#patienceMs / 1_000;
    const what = `no worker has claimed a task of ${taskQueueId} for ${seconds} s: none runs, or all are busy or idle`;
    return `${what}; ${this.#advice}; Ctrl-C ends the waiting, and the tasks stay in the queue${this.#unserved}`;
  }
}
