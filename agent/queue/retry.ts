/** Calls that are safe to repeat, repeated. */
import { setTimeout as sleep } from "node:timers/promises";
import { AnswerError, checkFailure } from "./check.ts";
import { QueueError } from "./task-queue.ts";

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;

/** Milliseconds before try `n` (from 1), half of it by chance so that many workers do not come back together. */
export function backoffMs(n: number, longest = LONGEST_DELAY_MS): number {
  const delay = Math.min(longest, FIRST_DELAY_MS * 2 ** Math.min(n - 1, 16));
  return delay / 2 + (Math.random() * delay) / 2;
}

/** Whether the same call may go through later: no answer came, or the service had a fault of its own. */
function isTemporary({ status }: QueueError): boolean {
  return status === null || status >= 500 || status === 429;
}

/** Any error of taskcluster-client as a QueueError. */
export function toQueueError(thrown: unknown): QueueError {
  if (thrown instanceof QueueError) return thrown;
  if (thrown instanceof AnswerError) return new QueueError(200, "UnusableAnswer", thrown.message);
  const { status, code, message } = checkFailure(thrown);
  return new QueueError(status, code, message);
}

/**
 * Calls until it goes through, the answer is final, or the next try would begin after `until` (asked anew each time).
 * Throws QueueError.
 */
export async function retry<T>(call: () => Promise<T>, until: () => Date): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (thrown) {
      const error = toQueueError(thrown);
      const delay = backoffMs(attempt);
      if (!isTemporary(error) || Date.now() + delay > until().getTime()) throw error;
      await sleep(delay);
    }
  }
}
