/** The finished task log as an artifact. */
import { createReadStream } from "node:fs";
import { TaskError } from "../outcome.ts";
import type { TaskContext } from "../task-context.ts";
import { exactly, type Source } from "./source.ts";
import { type Spool, spool } from "./spool.ts";
import { patient, type Retries } from "./store.ts";
import { encodingFor, upload } from "./upload.ts";

export const logContentType = "text/plain; charset=utf-8";

/** The log must be closed. Throws what `upload` throws. */
export async function uploadLog(task: TaskContext, name: string, retries: Retries = patient): Promise<void> {
  const { path, size } = task.log;
  const plain: Source = { size, open: async () => createReadStream(path) };
  const announced = { name, expires: task.task.expires, contentType: logContentType, contentLength: size };
  const compressed = encodingFor(task.config, "gzip") === "gzip" ? await compress(task, plain) : null;
  if (!compressed) return upload(task, { ...announced, contentEncoding: "identity", source: plain }, retries);
  try {
    await upload(task, { ...announced, contentEncoding: "gzip", source: compressed }, retries);
  } finally {
    await compressed.remove();
  }
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
