/** One s3 artifact: createArtifact, then a PUT that is tried again for as long as it can help. */
import { setTimeout as sleep } from "node:timers/promises";
import { EngineError, ResourceError } from "../engine/engine.ts";
import { TaskError } from "../outcome.ts";
import { backoffMs } from "../queue/retry.ts";
import type { TaskContext } from "../task-context.ts";
import { messageOf } from "../thrown.ts";
import { createArtifact, UploadStopped } from "./create.ts";
import { type PutAnswer, put } from "./put.ts";
import type { Source } from "./source.ts";

export interface Retries {
  readonly tries: number;
  /** No new try begins later than this after the first failure. */
  readonly withinMs: number;
}

export const patient: Retries = { tries: 10, withinMs: 15 * 60_000 };

export interface S3Artifact {
  readonly name: string;
  readonly expires: string;
  readonly contentType: string;
  readonly contentEncoding: "identity" | "gzip";
  /** Bytes before any compression. */
  readonly contentLength: number;
  /** What goes over the wire. */
  readonly source: Source;
}

/**
 * Resolves when the file is stored. Throws TaskError, ResourceError when the source breaks (then the queue lists the
 * artifact, but nothing is stored for it), or UploadStopped.
 */
export async function upload(task: TaskContext, artifact: S3Artifact, retries = patient): Promise<void> {
  const { name, expires, contentType, contentLength } = artifact;
  const newPutUrl = async () => {
    if (task.signal.aborted) throw new UploadStopped(name);
    const { putUrl } = await createArtifact(task, name, { storageType: "s3", expires, contentType, contentLength });
    if (putUrl) return putUrl;
    throw new TaskError("internal-error", `The queue gave no address to upload artifact ${name} to`);
  };
  let url = await newPutUrl();
  let lastTry = Number.POSITIVE_INFINITY;
  for (let tried = 1; ; tried++) {
    const problem = await onePut(task, url, artifact);
    if (problem === null) return;
    lastTry = Math.min(lastTry, performance.now() + retries.withinMs);
    const waitMs = backoffMs(tried);
    if (!problem.again || tried >= retries.tries || performance.now() + waitMs > lastTry) {
      const often = tried === 1 ? "" : ` after ${tried} tries`;
      throw new TaskError("resource-unavailable", `Artifact ${name} could not be uploaded${often}: ${problem.why}`);
    }
    await pause(task, name, waitMs);
    if (problem.newUrl) url = await newPutUrl();
  }
}

interface Problem {
  readonly why: string;
  readonly again: boolean;
  readonly newUrl: boolean;
}

/** Null when the file is stored. */
async function onePut(task: TaskContext, url: string, artifact: S3Artifact): Promise<Problem | null> {
  const { name, contentType, contentEncoding, source } = artifact;
  const { signal } = task;
  if (signal.aborted) throw new UploadStopped(name);
  const headers = { "content-type": contentType, "content-encoding": contentEncoding };
  const body = await source.open();
  try {
    return judge(await put({ url, headers, size: source.size, body, signal }));
  } catch (error) {
    if (signal.aborted) throw new UploadStopped(name);
    if (error instanceof ResourceError || error instanceof EngineError) throw error;
    return { why: messageOf(error), again: true, newUrl: false };
  }
}

/** The answer's text may be quoted; the address never, its query is a credential. */
function judge({ status, text }: PutAnswer): Problem | null {
  if (status >= 200 && status < 300) return null;
  if (status === 400 && text.includes("EntityTooLarge")) {
    throw new ResourceError("too-large-file-on-worker", "The file is larger than the storage of artifacts takes");
  }
  const why = `the storage answered ${status} ${text.replace(/\s+/g, " ").slice(0, 300)}`.trim();
  // 400: S3 says so of a connection that was idle for too long. 403: the address has expired.
  const again = status >= 500 || status === 400 || status === 403 || status === 408 || status === 429;
  return { why, again, newUrl: status === 403 };
}

async function pause(task: TaskContext, name: string, waitMs: number): Promise<void> {
  try {
    await sleep(waitMs, undefined, { signal: task.signal });
  } catch {
    throw new UploadStopped(name); // The only way for a sleep to fail.
  }
}
