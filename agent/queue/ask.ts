/**
 * One call of taskcluster-client, which keeps the headers of an answer to itself. Node tells of every answer to an HTTP
 * request on a channel, in the asynchronous context of whoever made it; so each call is made in a context of its own.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";
import { retryAfterMs } from "../retry-after.ts";
import { checkFailure } from "./check.ts";
import { explain } from "./explain.ts";
import { AnswerError } from "./fields.ts";
import { QueueError } from "./task-queue.ts";

/** Of the answer's headers, what matters. */
interface Seen {
  status: number | null;
  retryAfterMs: number;
  /** By how much this machine's clock is ahead of the service's, to the second; null when no answer said. */
  clockAheadMs: number | null;
}

const calls = new AsyncLocalStorage<Seen>();

subscribe("http.client.response.finish", (message) => {
  const seen = calls.getStore();
  if (!seen || typeof message !== "object" || message === null || !("response" in message)) return;
  if (!(message.response instanceof IncomingMessage)) return;
  const { date, "retry-after": retryAfter } = message.response.headers;
  seen.status = message.response.statusCode ?? null;
  seen.retryAfterMs = retryAfterMs(retryAfter);
  const clock = Date.parse(date ?? "");
  seen.clockAheadMs = Number.isNaN(clock) ? null : Date.now() - clock;
});

/**
 * An answer without content, inside a call of `ask`. taskcluster-client shows a page of a captive portal, and a redirect
 * to one, as no content too. Throws AnswerError.
 */
export function checkNothing(answer: unknown): void {
  const status = calls.getStore()?.status;
  if (answer !== undefined || status !== 204)
    throw new AnswerError(`it was to be empty, and came with status ${status}`);
}

/** `heard` is told the clock's difference whenever an answer shows it. Throws QueueError, whatever `call` throws. */
export async function ask<T>(call: () => Promise<T>, heard: (clockAheadMs: number) => void = () => {}): Promise<T> {
  const seen: Seen = { status: null, retryAfterMs: 0, clockAheadMs: null };
  try {
    return await calls.run(seen, call);
  } catch (thrown) {
    throw explained(thrown, seen);
  } finally {
    if (seen.clockAheadMs !== null) heard(seen.clockAheadMs);
  }
}

function explained(thrown: unknown, seen: Seen): QueueError {
  if (thrown instanceof AnswerError) return new QueueError(200, "UnusableAnswer", thrown.message);
  const { status, code, message } = checkFailure(thrown);
  return new QueueError(status, code, explain({ status, code, message }, seen.clockAheadMs), seen.retryAfterMs);
}
