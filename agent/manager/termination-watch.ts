/** Asks worker-manager again and again whether it wants the worker to end. */
import { setTimeout as sleep } from "node:timers/promises";
import { toQueueError } from "../queue/retry.ts";
import type { QueueError } from "../queue/task-queue.ts";
import type { Termination } from "./check.ts";

/** As often as a worker without tasks asks the queue, which is when generic-worker asks. */
const USUAL_MS = 20_000;
/** After an answer that will not change soon: the worker may not ask, or worker-manager does not know it. */
const REFUSED_MS = 5 * 60_000;

export class TerminationWatch {
  readonly #ask: () => Promise<Termination>;
  readonly #failed: (error: QueueError) => void;
  readonly #usualMs: number;

  /** `failed` hears of the first failure in a row. */
  constructor(ask: () => Promise<Termination>, failed: (error: QueueError) => void, usualMs = USUAL_MS) {
    this.#ask = ask;
    this.#failed = failed;
    this.#usualMs = usualMs;
  }

  /** The reason, when the worker is to end; null when the signal was aborted before. Never throws. */
  async wanted(signal: AbortSignal): Promise<string | null> {
    for (let failures = 0; !signal.aborted; ) {
      let pauseMs = this.#usualMs;
      try {
        const { terminate, reason } = await this.#ask();
        if (terminate) return reason;
        failures = 0;
      } catch (thrown) {
        const error = toQueueError(thrown);
        if (failures++ === 0) this.#failed(error);
        if (error.status === 403 || error.status === 404) pauseMs = REFUSED_MS;
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    return null;
  }

  /** Whether an idle worker may end: worker-manager says so, or says nothing. */
  async confirms(): Promise<boolean> {
    try {
      return (await this.#ask()).terminate;
    } catch {
      // What is wrong is told by `wanted`; an idle worker ends then as it does without worker-manager.
      return true;
    }
  }
}
