/** The finished task log as an artifact. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { TaskError } from "../outcome.ts";
import type { TaskContext } from "../task-context.ts";
import { exactly, type Source } from "./source.ts";
import { type Spool, spool } from "./spool.ts";
import { patient, type Retries } from "./store.ts";
import { encodingFor, upload } from "./upload.ts";

export const logContentType = "text/plain; charset=utf-8";

/** The log must be closed. Throws what `upload` throws. */
export async function uploadLog(task: TaskContext, name: string, retries: Retries = patient): Promise<void> {
  const plain = wholeLog(task);
  const { size } = plain;
  const announced = { name, expires: task.task.expires, contentType: logContentType, contentLength: size };
  const compressed = encodingFor(task.config, "gzip") === "gzip" ? await compress(task, plain) : null;
  if (!compressed) return upload(task, { ...announced, contentEncoding: "identity", source: plain }, retries);
  try {
    await upload(task, { ...announced, contentEncoding: "gzip", source: compressed }, retries);
  } finally {
    await compressed.remove();
  }
}

/** The file, and what is said after its end when it could not be written to its end. */
function wholeLog({ log }: TaskContext): Source {
  const { path, size, ending } = log;
  async function* whole(): AsyncGenerator<Buffer> {
    yield* createReadStream(path);
    yield ending;
  }
  const open = async () => (ending.length === 0 ? createReadStream(path) : Readable.from(whole()));
  return { size: size + ending.length, open };
}

/** Null when the disk is too full for a second copy: then the log goes as it is, rather than not at all. */
async function compress(task: TaskContext, log: Source): Promise<Spool | null> {
  try {
    return await spool(task, exactly(await log.open(), log.size), "gzip");
  } catch (error) {
    if (error instanceof TaskError && error.kind === "resource-unavailable") return null;
    throw error;
  }
}
