/** One HTTP PUT of a stream whose size is known. S3 takes no chunked encoding and stores nothing of a cut body. */
import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { retryAfterMs } from "../retry-after.ts";
import { exactly } from "./source.ts";

const usualIdleMs = 120_000;
/** Slower than this on the whole, and the try has failed too. */
const leastBytesPerMs = 256;
const answerMs = 10 * 60_000;
/** A longer timer of Node would fire at once. */
const longestTimerMs = 2 ** 31 - 1;
const maxAnswerBytes = 4096;

export interface PutAnswer {
  readonly status: number;
  /** The start of the body. */
  readonly text: string;
  /** 0 when the server asked for no wait. */
  readonly retryAfterMs: number;
}

export interface PutRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly size: number;
  readonly body: Readable;
  readonly signal: AbortSignal;
  /** Neither a byte sent nor received for so long: the try has failed. Default two minutes. */
  readonly idleMs?: number | undefined;
}

/** How long a PUT of `size` bytes may take in all, in milliseconds. */
function longestMs(size: number): number {
  return Math.min(answerMs + size / leastBytesPerMs, longestTimerMs);
}

/**
 * Resolves with the server's answer, whatever its status. Throws ResourceError when `body` breaks or has another size,
 * and the system's error when the connection fails or the PUT takes longer than `limitMs`. `body` is destroyed in any case.
 */
export async function put(asked: PutRequest, limitMs = longestMs(asked.size)): Promise<PutAnswer> {
  const { url, headers, size, body, signal, idleMs = usualIdleMs } = asked;
  try {
    const start = url.startsWith("https:") ? httpsRequest : httpRequest;
    const request = start(url, { method: "PUT", headers: { ...headers, "content-length": size }, signal });
    request.setTimeout(idleMs, () => request.destroy(new Error(`no progress for ${idleMs / 1000} s`)));
    return await exchange(request, exactly(body, size), limitMs);
  } finally {
    body.destroy();
  }
}

async function exchange(request: ClientRequest, body: AsyncIterable<Uint8Array>, limitMs: number): Promise<PutAnswer> {
  const timer = setTimeout(() => request.destroy(new Error(`it took longer than ${limitMs / 1000} s`)), limitMs);
  request.flushHeaders();
  let sent = false;
  const answer = answerTo(request);
  const sending = send(body, request).then(() => {
    sent = true;
  });
  try {
    await Promise.race([answer, sending]);
    const final = await answer;
    if (!sent && final.status < 300) throw new Error("the server answered before it had the whole file");
    return final;
  } finally {
    clearTimeout(timer);
    if (!sent) request.destroy();
  }
}

async function send(body: AsyncIterable<Uint8Array>, request: ClientRequest): Promise<void> {
  const closed = new Promise<never>((_, reject) => {
    request.once("error", reject);
    request.once("close", () => reject(new Error("the connection was closed")));
  });
  closed.catch(() => undefined); // Whoever waits for `closed` gets the error; nobody may be waiting.
  for await (const chunk of body) {
    if (request.destroyed) await closed;
    if (!request.write(chunk)) await Promise.race([closed, new Promise((resolve) => request.once("drain", resolve))]);
  }
  request.end();
}

function answerTo(request: ClientRequest): Promise<PutAnswer> {
  const answer = new Promise<PutAnswer>((resolve, reject) => {
    request.once("error", reject);
    let started = false;
    request.once("close", () => {
      if (!started) reject(new Error("the connection was closed without an answer"));
    });
    request.once("response", (response) => {
      started = true;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= maxAnswerBytes) response.destroy();
      });
      // The status is the answer; a text that is cut short changes nothing.
      const { statusCode = 0, headers } = response;
      const done = () =>
        resolve({
          status: statusCode,
          text: Buffer.concat(chunks).toString(),
          retryAfterMs: retryAfterMs(headers["retry-after"]),
        });
      response.once("end", done);
      response.once("error", done);
      response.once("close", done);
    });
  });
  answer.catch(() => undefined); // put() may fail for another reason before it looks at this.
  return answer;
}
