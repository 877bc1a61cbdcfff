/**
 * One call of taskcluster-client, which keeps the headers of an answer to itself, takes bodies of any length and unfolds
 * what is compressed. Node tells of every HTTP request and every answer on a channel, in the asynchronous context of whoever
 * made it; so each call is made in a context of its own.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import { ClientRequest, IncomingMessage } from "node:http";
import { retryAfterMs } from "../retry-after.ts";
import { checkFailure } from "./check.ts";
import { explain } from "./explain.ts";
import { AnswerError } from "./fields.ts";
import { QueueError } from "./task-queue.ts";

/** Room for the largest task that the queue takes, which has 10 MB, and what is said about it. */
export const MOST_BYTES = 16 * 1024 * 1024;

/** Of the answer, what matters. */
interface Seen {
  readonly mostBytes: number;
  /** Why the answer was not read to its end. */
  refusal: string | null;
  status: number | null;
  retryAfterMs: number;
  /** By how much this machine's clock is ahead of the service's, to the second; null when no answer said. */
  clockAheadMs: number | null;
}

const calls = new AsyncLocalStorage<Seen>();

subscribe("http.client.request.created", (message) => {
  if (!calls.getStore() || typeof message !== "object" || message === null || !("request" in message)) return;
  if (message.request instanceof ClientRequest) message.request.setHeader("accept-encoding", "identity");
});

subscribe("http.client.response.finish", (message) => {
  const seen = calls.getStore();
  if (!seen || typeof message !== "object" || message === null || !("response" in message)) return;
  if (!(message.response instanceof IncomingMessage)) return;
  guard(message.response, seen);
  const { date, "retry-after": retryAfter } = message.response.headers;
  seen.status = message.response.statusCode ?? null;
  seen.retryAfterMs = retryAfterMs(retryAfter);
  const clock = Date.parse(date ?? "");
  seen.clockAheadMs = Number.isNaN(clock) ? null : Date.now() - clock;
});

/** Ends an answer that could take more memory than there is. */
function guard(response: IncomingMessage, seen: Seen): void {
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    seen.refusal = `it is compressed (${encoding.slice(0, 20)}), which nobody has asked for`;
    // Left as it is, it is no JSON.
    delete response.headers["content-encoding"];
  }
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= seen.mostBytes) return;
    seen.refusal ??= `it is longer than ${seen.mostBytes} bytes`;
    response.destroy();
  });
}

/**
 * An answer without content, inside a call of `ask`. taskcluster-client shows a page of a captive portal, and a redirect
 * to one, as no content too. Throws AnswerError.
 */
export function checkNothing(answer: unknown): void {
  const status = calls.getStore()?.status;
  if (answer !== undefined || status !== 204)
    throw new AnswerError(`it was to be empty, and came with status ${status}`);
}

/**
 * `heard` is told the clock's difference by a good answer: others may come from anybody on the way. An answer of more than
 * `mostBytes` is cut off. Throws QueueError, whatever `call` throws.
 */
export async function ask<T>(
  call: () => Promise<T>,
  heard: (clockAheadMs: number) => void = () => {},
  mostBytes = MOST_BYTES,
): Promise<T> {
  const seen: Seen = { mostBytes, refusal: null, status: null, retryAfterMs: 0, clockAheadMs: null };
  try {
    const answer = await calls.run(seen, call);
    if (seen.clockAheadMs !== null) heard(seen.clockAheadMs);
    return answer;
  } catch (thrown) {
    throw explained(seen.refusal === null ? thrown : new AnswerError(seen.refusal), seen);
  }
}

function explained(thrown: unknown, seen: Seen): QueueError {
  if (thrown instanceof AnswerError) return new QueueError(200, "UnusableAnswer", thrown.message);
  const { status, code, message } = checkFailure(thrown);
  return new QueueError(status, code, explain({ status, code, message }, seen.clockAheadMs), seen.retryAfterMs);
}
