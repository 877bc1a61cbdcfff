/** The queue as the worker sees it: it asks for work. */
import type { Queue } from "taskcluster-client";
import type { AgentConfig } from "../config.ts";
import { checkClaims, checkQuarantine, type Refused } from "./check.ts";
import { toQueueError } from "./retry.ts";
import { queueClient, RunQueue } from "./run-queue.ts";
import type { TaskQueue } from "./task-queue.ts";
import type { Claim, ClaimedRun, Credentials } from "./types.ts";

/** The queue holds a call for 20 s when it has no task. */
const CLAIM_TIMEOUT_MS = 45_000;
/** As many as the queue gives in one call. */
export const MOST_CLAIMS = 32;

export class QueueClient {
  readonly #config: AgentConfig;
  readonly #queue: Queue;

  constructor(config: AgentConfig) {
    this.#config = config;
    const { clientId, accessToken, certificate } = config;
    const credentials: Credentials = { clientId, accessToken, ...(certificate === "" ? {} : { certificate }) };
    this.#queue = queueClient(config.rootURL, credentials, CLAIM_TIMEOUT_MS);
  }

  /**
   * Waits up to 20 s for work; an empty list is normal. Never repeated: each try can claim another task. `refused` hears
   * of claims that cannot be understood. Throws QueueError.
   */
  async claimWork(tasks: number, refused: Refused): Promise<Claim[]> {
    const { provisionerId, workerType, workerGroup, workerId } = this.#config;
    const request = { workerGroup, workerId, tasks: Math.min(tasks, MOST_CLAIMS) };
    try {
      return checkClaims(await this.#queue.claimWork(`${provisionerId}/${workerType}`, request), refused);
    } catch (error) {
      throw toQueueError(error);
    }
  }

  /** Until when the worker is quarantined; null when it is not, or the queue does not know it yet. Throws QueueError. */
  async quarantinedUntil(): Promise<Date | null> {
    const { provisionerId, workerType, workerGroup, workerId } = this.#config;
    try {
      const until = checkQuarantine(await this.#queue.getWorker(provisionerId, workerType, workerGroup, workerId));
      return until && until.getTime() > Date.now() ? until : null;
    } catch (thrown) {
      const error = toQueueError(thrown);
      if (error.status === 404) return null;
      throw error;
    }
  }

  /** `created` hears of every artifact that the queue has accepted. */
  forRun(claim: ClaimedRun, created: (name: string, storageType: string) => void): TaskQueue {
    return new RunQueue(this.#config.rootURL, claim, this.#config, created);
  }
}
