/** PUTs of one file, until it is stored or trying again can help no more. */
import { setTimeout as sleep } from "node:timers/promises";
import { EngineError, ResourceError } from "../engine/engine.ts";
import { TaskError } from "../outcome.ts";
import { waitMs } from "../queue/retry.ts";
import type { PutTarget } from "../queue/types.ts";
import type { TaskContext } from "../task-context.ts";
import { errorCode, messageOf } from "../thrown.ts";
import { UploadStopped } from "./create.ts";
import { type PutAnswer, put } from "./put.ts";
import type { Source } from "./source.ts";

export interface Retries {
  readonly tries: number;
  /** No new try begins later than this after the first failure. */
  readonly withinMs: number;
  /** A try in which nothing moves for so long has failed. Default two minutes. */
  readonly idleMs?: number;
}

export const patient: Retries = { tries: 10, withinMs: 15 * 60_000 };

/**
 * Resolves when the file is stored. `newTarget` is asked at first, and again when an address has expired. Throws
 * TaskError, ResourceError when the source breaks, or UploadStopped.
 */
export async function store(
  task: TaskContext,
  { name, source }: { readonly name: string; readonly source: Source },
  newTarget: () => Promise<PutTarget>,
  retries: Retries,
): Promise<void> {
  let target = await newTarget();
  let lastTry = Number.POSITIVE_INFINITY;
  for (let tried = 1; ; tried++) {
    const problem = await onePut(task, name, target, source, retries.idleMs);
    if (problem === null) return;
    lastTry = Math.min(lastTry, performance.now() + retries.withinMs);
    const pauseMs = waitMs(tried, problem.retryAfterMs);
    if (!problem.again || tried >= retries.tries || performance.now() + pauseMs > lastTry) {
      const often = tried === 1 ? "" : ` after ${tried} tries`;
      throw new TaskError("resource-unavailable", `Artifact ${name} could not be uploaded${often}: ${problem.why}`);
    }
    await pause(task, name, pauseMs);
    if (problem.newUrl) target = await newTarget();
  }
}

interface Problem {
  readonly why: string;
  readonly again: boolean;
  readonly newUrl: boolean;
  readonly retryAfterMs: number;
}

/** Null when the file is stored. */
async function onePut(
  { signal }: TaskContext,
  name: string,
  { url, headers }: PutTarget,
  source: Source,
  idleMs: number | undefined,
): Promise<Problem | null> {
  if (signal.aborted) throw new UploadStopped(name);
  const body = await source.open();
  try {
    return judge(await put({ url, headers, size: source.size, body, signal, idleMs }));
  } catch (error) {
    if (signal.aborted) throw new UploadStopped(name);
    if (error instanceof ResourceError || error instanceof EngineError) throw error;
    // What cannot be asked for stays so: an address that is none, or of another protocol, a header with line ends.
    const again = !errorCode(error)?.startsWith("ERR_INVALID_");
    return { why: messageOf(error), again, newUrl: false, retryAfterMs: 0 };
  }
}

/** The address is never quoted, its query is a credential; nor what may repeat it. */
function judge({ status, text, retryAfterMs }: PutAnswer): Problem | null {
  if (status >= 200 && status < 300) return null;
  if (status === 400 && text.includes("EntityTooLarge")) {
    throw new ResourceError("too-large-file-on-worker", "The file is larger than the storage of artifacts takes");
  }
  const why = `the storage answered ${status} ${wordsOf(text)}`.trim();
  // 400: S3 says so of a connection that was idle for too long. 403: the address has expired.
  const again = status >= 500 || status === 400 || status === 403 || status === 408 || status === 429;
  return { why, again, newUrl: status === 403, retryAfterMs };
}

/** Only code and message of S3's XML: to a wrong signature it answers with all that was signed, and others with the request. */
function wordsOf(text: string): string {
  const inXml = ["Code", "Message"].map((tag) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1] ?? "");
  return inXml.join(" ").replace(/\s+/g, " ").trim().slice(0, 300);
}

async function pause({ signal }: TaskContext, name: string, ms: number): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw new UploadStopped(name); // The only way for a sleep to fail.
  }
}
