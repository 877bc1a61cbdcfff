/** The queue as the worker sees it: it asks for work. */
import type { Queue } from "taskcluster-client";
import type { AgentConfig } from "../config.ts";
import { ask, MOST_BYTES } from "./ask.ts";
import { checkClaims, checkQuarantine, type Refused } from "./check.ts";
import { queueClient } from "./connections.ts";
import { toQueueError } from "./retry.ts";
import { type RunLimits, RunQueue, type RunTerms } from "./run-queue.ts";
import type { TaskQueue } from "./task-queue.ts";
import type { Claim, ClaimedRun, Credentials } from "./types.ts";
import { WorkerCredentials } from "./worker-credentials.ts";

/** How long one request may take, in milliseconds. */
export interface RequestLimits extends RunLimits {
  /** The queue holds a claim for 20 s when it has no task. */
  readonly claimMs: number;
}

/** A run that nobody reports returns to the queue by itself, when its claim ends: there is no need to try for long. */
const usualLimits: RequestLimits = { claimMs: 45_000, otherMs: 30_000, hurryMs: 30_000 };
/** As many as the queue gives in one call. */
export const MOST_CLAIMS = 32;

export class QueueClient {
  readonly #config: AgentConfig;
  readonly #credentials: WorkerCredentials;
  readonly #limits: RequestLimits;
  #made: { readonly queue: Queue; readonly credentials: Credentials } | null = null;
  #clockAheadMs: number | null = null;

  constructor(config: AgentConfig, credentials = WorkerCredentials.configured(config), limits = usualLimits) {
    this.#config = config;
    this.#credentials = credentials;
    this.#limits = limits;
  }

  /** With the credentials of this moment. */
  get #queue(): Queue {
    const { newest } = this.#credentials;
    if (this.#made?.credentials !== newest) {
      const queue = queueClient(this.#config.rootURL, newest, this.#limits.claimMs);
      this.#made = { queue, credentials: newest };
    }
    return this.#made.queue;
  }

  /** When the credentials ended, by the queue's clock where that is known; null as long as they are good. */
  get expired(): Date | null {
    const { expires } = this.#credentials;
    const now = Date.now() - (this.#clockAheadMs ?? 0);
    return expires && expires.getTime() <= now ? expires : null;
  }

  /**
   * Waits up to 20 s for work; an empty list is normal. Never repeated: each try can claim another task. `refused` hears
   * of claims that cannot be understood. Throws QueueError.
   */
  async claimWork(tasks: number, refused: Refused): Promise<Claim[]> {
    const { provisionerId, workerType, workerGroup, workerId } = this.#config;
    const request = { workerGroup, workerId, tasks: Math.min(tasks, MOST_CLAIMS) };
    const pool = `${provisionerId}/${workerType}`;
    return ask(
      async () => checkClaims(await this.#queue.claimWork(pool, request), refused),
      (clockAheadMs) => {
        this.#clockAheadMs = clockAheadMs;
      },
      MOST_BYTES * request.tasks,
    );
  }

  /** By how much the clock of this machine is ahead of the queue's, to the second; null before the first answer. */
  get clockAheadMs(): number | null {
    return this.#clockAheadMs;
  }

  /** Until when the worker is quarantined; null when it is not, or the queue does not know it yet. Throws QueueError. */
  async quarantinedUntil(): Promise<Date | null> {
    const { provisionerId, workerType, workerGroup, workerId } = this.#config;
    try {
      const asked = () => this.#queue.getWorker(provisionerId, workerType, workerGroup, workerId);
      const until = await ask(async () => checkQuarantine(await asked()));
      return until && until.getTime() > Date.now() ? until : null;
    } catch (thrown) {
      const error = toQueueError(thrown);
      if (error.status === 404) return null;
      throw error;
    }
  }

  forRun(claim: ClaimedRun, terms: RunTerms): TaskQueue {
    return new RunQueue(this.#config.rootURL, claim, this.#config, terms, this.#limits);
  }
}
