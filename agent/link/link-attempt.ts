/** One attempt at a link: redirects followed by hand, then the body to a new file, in constant memory. */
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { TaskError } from "../outcome.ts";
import { retryAfterMs } from "../retry-after.ts";
import { isDiskFull, messageOf } from "../thrown.ts";
import { maskAddress, type Noun, parseAddress, splitCredentials } from "./link-address.ts";
import { nameOfLink } from "./link-name.ts";

export interface Attempt {
  readonly noun: Noun;
  /** As the payload names it. */
  readonly address: URL;
  readonly sha256: string | undefined;
  readonly toDir: string;
  readonly signal: AbortSignal;
  readonly idleMs: number;
  readonly maxBytes: number;
  readonly maxRedirects: number;
  readonly log: (line: string) => void;
}

export interface DownloadedLink {
  /** The file, in the agent's own directory, under a random name. */
  readonly path: string;
  /** The safe name that it should get in the task's home. */
  readonly name: string;
  readonly bytes: number;
}

/** Worth another attempt. */
export class TransientError extends Error {
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs = 0) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

function causeOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? messageOf(error.cause) : messageOf(error);
}

async function ask(attempt: Attempt, signal: AbortSignal): Promise<Response> {
  const { noun } = attempt;
  let address = attempt.address;
  for (let redirects = 0; ; redirects += 1) {
    const { href, headers } = splitCredentials(address);
    // Without a compression of its own, the size limit and the checksum are about what the server has.
    const asked = { ...headers, "accept-encoding": "identity", "user-agent": "taskcluster-worker" };
    const response = await fetch(href, { redirect: "manual", signal, headers: asked }).catch((error: unknown) => {
      throw new TransientError(causeOf(error));
    });
    const { status } = response;
    if (status === 200) return response;
    await response.body?.cancel();
    if (status === 429 || status >= 500)
      throw new TransientError(`it answers ${status}`, retryAfterMs(response.headers.get("retry-after")));
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(status) || location === null) {
      throw new TaskError(
        "malformed-payload",
        `The ${noun} ${maskAddress(attempt.address)} cannot be downloaded: it answers ${status}.`,
      );
    }
    if (redirects === attempt.maxRedirects) {
      throw new TaskError(
        "malformed-payload",
        `The ${noun} ${maskAddress(attempt.address)} cannot be downloaded: it redirects more than ${attempt.maxRedirects} times.`,
      );
    }
    address = parseAddress(location, noun, address);
    attempt.log(`The ${noun} redirects to ${maskAddress(address)}`);
  }
}

async function receive(response: Response, file: FileHandle, attempt: Attempt, progress: () => void): Promise<number> {
  const { noun, address, maxBytes, sha256 } = attempt;
  const refuse = (why: string): TaskError =>
    new TaskError("malformed-payload", `The ${noun} ${maskAddress(address)} cannot be used: ${why}.`);
  const tooLarge = (): TaskError => refuse(`it is larger than ${maxBytes} bytes`);
  if (Number(response.headers.get("content-length")) > maxBytes) throw tooLarge();
  const hash = createHash("sha256");
  let bytes = 0;
  const chunks = response.body?.values();
  for (;;) {
    const next = await chunks?.next().catch((error: unknown) => {
      throw new TransientError(`the connection broke after ${bytes} bytes: ${causeOf(error)}`);
    });
    if (!next || next.done) break;
    const chunk: Uint8Array = next.value;
    progress();
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    hash.update(chunk);
    await file.writeFile(chunk).catch((error: unknown) => {
      // The machine is to blame, which is said of it wherever it is met.
      if (isDiskFull(error)) throw error;
      throw new TaskError(
        "internal-error",
        `A ${noun} could not be written to the worker's disk: ${messageOf(error)}.`,
      );
    });
  }
  if (bytes === 0) throw refuse("it is empty");
  const found = hash.digest("hex");
  if (sha256 !== undefined && sha256.toLowerCase() !== found) {
    throw refuse(`its sha256 is ${found}, but the payload asks for ${sha256.toLowerCase()}`);
  }
  return bytes;
}

/** Throws TransientError, TaskError, or the reason of `signal`; leaves no file behind then. */
export async function attemptLink(attempt: Attempt): Promise<DownloadedLink> {
  const { idleMs, toDir, signal } = attempt;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error(`nothing came for ${idleMs / 1000} s`)), idleMs);
  const path = join(toDir, `link-${randomUUID()}`);
  try {
    const response = await ask(attempt, AbortSignal.any([signal, stop.signal]));
    const file = await open(path, "wx", 0o600);
    try {
      const bytes = await receive(response, file, attempt, () => timer.refresh());
      return { path, name: nameOfLink(attempt.address, response.headers.get("content-disposition")), bytes };
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    clearTimeout(timer);
    // Ends a body that was not read to its end.
    stop.abort();
  }
}
