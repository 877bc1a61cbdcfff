/** Calls that are safe to repeat, repeated. */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../thrown.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { QueueError } from "./task-queue.ts";

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;
/** No service makes a worker wait longer by its Retry-After. */
const LONGEST_ASKED_MS = 60_000;

/** Milliseconds before try `n` (from 1), half of it by chance so that many workers do not come back together. */
export function backoffMs(n: number, longest = LONGEST_DELAY_MS): number {
  const delay = Math.min(longest, FIRST_DELAY_MS * 2 ** Math.min(n - 1, 16));
  return delay / 2 + (Math.random() * delay) / 2;
}

/** Milliseconds before try `n` (from 1), when the other side asked for a wait of `askedMs`. */
export function waitMs(n: number, askedMs: number): number {
  return Math.max(backoffMs(n), Math.min(askedMs, LONGEST_ASKED_MS));
}

/**
 * Whether the same call may go through later: no answer came, the service had a fault of its own, or what answered was
 * no service at all but a captive portal or a proxy.
 */
function isTemporary({ status }: QueueError): boolean {
  return status === null || status >= 500 || status < 400 || status === 408 || status === 429;
}

/** Any error of a call, as the queue's. */
export function toQueueError(thrown: unknown): QueueError {
  return thrown instanceof QueueError ? thrown : new QueueError(null, "UnknownError", messageOf(thrown));
}

export interface Watch {
  /** Ends the tries, and a wait for one. */
  readonly signal?: AbortSignal;
  /** Hears of each try that is followed by another one. */
  readonly failed?: (error: QueueError) => void;
}

/**
 * Calls until it goes through, the answer is final, or the next try would begin after `until` (asked anew each time).
 * Throws QueueError, and an AbortError or the reason of the watch's signal as soon as that is aborted.
 */
export async function retry<T>(
  call: () => Promise<T>,
  until: () => Date,
  { signal, failed = () => {} }: Watch = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      signal?.throwIfAborted();
      // taskcluster-client cannot end a call under way; nobody waits for it any longer.
      return await unlessAborted(call(), signal);
    } catch (error) {
      if (!(error instanceof QueueError)) throw error;
      const delay = waitMs(attempt, error.retryAfterMs);
      if (!isTemporary(error) || Date.now() + delay > until().getTime()) throw error;
      failed(error);
      await sleep(delay, undefined, { signal });
    }
  }
}
