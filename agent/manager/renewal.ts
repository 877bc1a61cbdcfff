/** Keeps the credentials of a registered worker from ending. */
import type { Logger } from "../logger.ts";
import { pause } from "../pause.ts";
import { retry, toQueueError, waitMs } from "../queue/retry.ts";
import type { WorkerCredentials } from "../queue/worker-credentials.ts";
import type { Registration } from "./check.ts";
import type { ManagerClient } from "./manager-client.ts";

const MINUTE_MS = 60_000;

/** As worker-runner has it: early where there is time, not too often where there is little. In milliseconds. */
export function renewAfterMs(leftMs: number): number {
  const early = leftMs - 30 * MINUTE_MS;
  if (early >= 5 * MINUTE_MS) return early;
  return Math.max(1_000, Math.min(5 * MINUTE_MS, leftMs - MINUTE_MS / 2));
}

export class Renewal {
  readonly #client: ManagerClient;
  readonly #credentials: WorkerCredentials;
  readonly #logger: Logger;
  #newest: Registration;

  constructor(client: ManagerClient, first: Registration, credentials: WorkerCredentials, logger: Logger) {
    this.#client = client;
    this.#newest = first;
    this.#credentials = credentials;
    this.#logger = logger;
  }

  /** Until the signal is aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      if (failures === 0) await pause(renewAfterMs(this.#newest.expires.getTime() - Date.now()), signal);
      const askedMs = await this.#renew(signal);
      failures = askedMs === null ? 0 : failures + 1;
      if (askedMs !== null) await pause(waitMs(failures, askedMs), signal);
    }
  }

  /** Null when it went through, else how long worker-manager asked to wait, in milliseconds. */
  async #renew(signal: AbortSignal): Promise<number | null> {
    if (signal.aborted) return null;
    try {
      this.#newest = await this.#again();
    } catch (thrown) {
      const { status, code, message, retryAfterMs } = toQueueError(thrown);
      this.#logger.warn({ status, code }, `The worker's credentials could not be renewed: ${message}`);
      return retryAfterMs;
    }
    this.#credentials.replace(this.#newest.credentials);
    this.#logger.info(`The worker's credentials are renewed until ${this.#newest.expires.toISOString()}.`);
    return null;
  }

  /** A secret that is refused is used up, by a call whose answer was lost; then only the static one helps. */
  async #again(): Promise<Registration> {
    try {
      return await this.#client.reregister(this.#newest.secret, this.#credentials.newest);
    } catch (thrown) {
      const { status } = toQueueError(thrown);
      if (status === null || status >= 500 || status === 429) throw thrown;
      return await this.#client.register();
    }
  }
}

const patienceMs = 5 * MINUTE_MS;

/** The first registration, tried again for some minutes while worker-manager cannot be reached. Throws QueueError. */
export function registered(client: ManagerClient, signal: AbortSignal): Promise<Registration> {
  const until = new Date(Date.now() + patienceMs);
  return retry(
    () => client.register(),
    () => until,
    { signal },
  );
}
