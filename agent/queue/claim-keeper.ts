/** Keeps the claim of one run alive, and notices when it is no longer ours. Runs beside the task until it is resolved. */
import type { Cause } from "../outcome.ts";
import { pause } from "../pause.ts";
import { waitMs } from "./retry.ts";
import { QueueError, type TaskQueue } from "./task-queue.ts";

export interface ClaimKeeperOptions {
  readonly queue: TaskQueue;
  /** Seconds, as in the configuration. */
  readonly reclaimOffset: number;
  /** Seconds, as in the configuration. */
  readonly cancelCheckSecs: number;
  /** Called at most once; the claim is not kept any longer. */
  readonly lost: (cause: Cause) => void;
  /** A reclaim did not go through; it is tried again. */
  readonly failed: (error: QueueError) => void;
}

/** Between two reclaims, in milliseconds. */
const LEAST_MS = 1_000;
const MOST_MS = 3_600_000;

/** The claim as seen when the queue refuses us: who took it away decides what the log says. */
export async function lostCause(queue: TaskQueue): Promise<Cause> {
  const reason = await queue.resolvedReason();
  if (reason === "canceled") return { kind: "canceled", message: "The task was canceled." };
  if (reason === "deadline-exceeded") return { kind: "claim-lost", message: "The deadline of the task passed." };
  if (reason !== null) return { kind: "claim-lost", message: `The run was resolved ${reason} by the queue.` };
  return { kind: "claim-lost", message: "The queue no longer holds this run for this worker." };
}

export class ClaimKeeper {
  readonly #options: ClaimKeeperOptions;
  readonly #end = new AbortController();

  /** Starts at once. */
  constructor(options: ClaimKeeperOptions) {
    this.#options = options;
    Promise.all([this.#reclaiming(), this.#looking()]).catch((error: unknown) =>
      this.#lost({ kind: "internal-error", message: `The worker could not keep its claim: ${error}.` }),
    );
  }

  /** Ends both loops; the answer of a call under way is ignored. */
  stop(): void {
    this.#end.abort();
  }

  async #reclaiming(): Promise<void> {
    const { queue, reclaimOffset, failed } = this.#options;
    let asked = 0;
    for (let failures = 0; ; ) {
      const remaining = queue.takenUntil.getTime() - Date.now();
      const renewal = Math.max(remaining / 4, Math.min(remaining - reclaimOffset * 1000, remaining / 2));
      // Neither a clock that jumped nor a claim without an end makes this a busy loop, or a timer that fires at once.
      const delay = Math.min(Math.max(failures === 0 ? renewal : waitMs(failures, asked), LEAST_MS), MOST_MS);
      if (!(await pause(delay, this.#end.signal))) return;
      try {
        await queue.reclaim();
        failures = 0;
      } catch (error) {
        if (!(error instanceof QueueError)) throw error;
        if (this.#end.signal.aborted) return;
        if (saysLost(error, queue.takenUntil)) return this.#lost(await lostCause(queue));
        failures += 1;
        asked = error.retryAfterMs;
        failed(error);
      }
    }
  }

  /** A user's cancel would else be seen only at the next reclaim, many minutes later. */
  async #looking(): Promise<void> {
    const { queue, cancelCheckSecs } = this.#options;
    while (await pause(cancelCheckSecs * 1000, this.#end.signal)) {
      if ((await queue.isStillOurs()) === false) return this.#lost(await lostCause(queue));
    }
  }

  #lost(cause: Cause): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.#options.lost(cause);
  }
}

/**
 * 404 and 409 say that the run is not ours. The task's credentials end with the claim, so after that their refusal says
 * it too. A service that does not answer says nothing, whatever our clock shows.
 */
export function saysLost({ status }: Pick<QueueError, "status">, takenUntil: Date): boolean {
  if (status === 401 || status === 403) return takenUntil.getTime() <= Date.now();
  return status === 404 || status === 409;
}
