/**
 * The script of a task is not on the machine: it is downloaded from the payload's `link`, by the unprivileged agent, and
 * handed to the task user from there.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { TaskError } from "../outcome.ts";
import { messageOf } from "../thrown.ts";
import { maskAddress, type Noun, parseAddress } from "./link-address.ts";
import { attemptLink, type DownloadedLink, TransientError } from "./link-attempt.ts";

export interface LinkLimits {
  /** For all attempts and the waits between them, in milliseconds. */
  readonly totalMs: number;
  /** Without a byte, in milliseconds. */
  readonly idleMs: number;
  readonly maxBytes: number;
  readonly maxRedirects: number;
  readonly attempts: number;
  /** The wait after the given attempt, counted from 1, in milliseconds. */
  readonly delayMs: (attempt: number) => number;
  /** No wait is longer, whatever Retry-After says. */
  readonly maxDelayMs: number;
}

const linkLimits: LinkLimits = {
  totalMs: 5 * 60_000,
  idleMs: 30_000,
  maxBytes: 100 * 1024 * 1024,
  maxRedirects: 5,
  attempts: 5,
  delayMs: (attempt) => 1000 * 2 ** (attempt - 1) * (0.75 + Math.random() / 2),
  maxDelayMs: 60_000,
};

/** A context is a whole tree of files. */
const contextLimits: Partial<LinkLimits> = { totalMs: 30 * 60_000, maxBytes: 1024 ** 3 };

export interface LinkDownload {
  readonly noun: Noun;
  readonly url: string;
  /** In hex. */
  readonly sha256?: string | undefined;
  /** A directory of the agent's own. */
  readonly toDir: string;
  readonly signal: AbortSignal;
  readonly limits?: Partial<LinkLimits> | undefined;
  /** Hears of each redirect and each new attempt; secrets in addresses are masked. */
  readonly log?: ((line: string) => void) | undefined;
}

/**
 * Throws TaskError: `malformed-payload` when the task's author can mend it (address, 4xx, size, checksum, redirects),
 * `resource-unavailable` when the other side did not serve it in time. Throws the reason of `signal` when that is aborted.
 */
export async function downloadLink(download: LinkDownload): Promise<DownloadedLink> {
  const { noun, signal, log = () => undefined } = download;
  const limits = { ...linkLimits, ...(noun === "context" && contextLimits), ...download.limits };
  const address = parseAddress(download.url, noun);
  const total = AbortSignal.timeout(limits.totalMs);
  const either = AbortSignal.any([signal, total]);
  const unavailable = (why: string): TaskError =>
    new TaskError("resource-unavailable", `The ${noun} ${maskAddress(address)} could not be downloaded: ${why}.`);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { toDir, sha256 } = download;
      return await attemptLink({ ...limits, noun, address, sha256, toDir, signal: either, log });
    } catch (error) {
      signal.throwIfAborted();
      if (total.aborted) throw unavailable(`it took longer than ${limits.totalMs / 1000} s`);
      if (!(error instanceof TransientError)) throw error;
      if (attempt >= limits.attempts) throw unavailable(`${messageOf(error)}, after ${attempt} attempts`);
      const waitMs = Math.min(limits.maxDelayMs, Math.max(limits.delayMs(attempt), error.retryAfterMs));
      log(
        `The ${noun} ${maskAddress(address)} could not be downloaded yet: ${messageOf(error)}. Next attempt in ${(waitMs / 1000).toFixed(1)} s`,
      );
      await sleep(waitMs, undefined, { signal: either }).catch(() => undefined);
    }
    signal.throwIfAborted();
  }
}
