/** A finished copy of a file, compressed or not, in the run's scratch directory: read to its end before anyone is told. */
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { ResourceError } from "../engine/engine.ts";
import { TaskError } from "../outcome.ts";
import type { TaskContext } from "../task-context.ts";
import { isDiskFull } from "../thrown.ts";
import type { Copy } from "./source.ts";

/** How often the free space is looked at, in bytes written. */
const lookEveryBytes = 32 * 1024 * 1024;
/**
 * What a spool leaves free for the logs and the queue's own files. Not the whole of requiredDiskSpaceMegabytes: that is
 * what a task was promised before it began, and may have used.
 */
const reserveBytes = 256_000_000;

export interface Spool extends Copy {
  readonly path: string;
}

/** The storage takes no larger object in one PUT. */
export const mostBytes = 5 * 1024 ** 3;

class NoRoom extends Error {}

/**
 * Copies `chunks` into a new file of the agent's own. Throws what `chunks` throws, or TaskError resource-unavailable when
 * the disk is full, or ResourceError when the copy has more than `limit` bytes; nothing is left behind then.
 */
export async function spool(
  task: TaskContext,
  chunks: AsyncIterable<Uint8Array>,
  encoding: "identity" | "gzip",
  limit = mostBytes,
): Promise<Spool> {
  const path = join(task.scratch, `spool-${randomUUID()}`);
  const reserve = Math.min(task.config.requiredDiskSpaceMegabytes * 1_000_000, reserveBytes);
  const whileRoom = (bytes: AsyncIterable<Uint8Array>) => stopBelow(task.scratch, reserve, limit, bytes);
  const file = createWriteStream(path, { flags: "wx", mode: 0o600, highWaterMark: 1024 * 1024 });
  const options = { signal: task.signal };
  try {
    if (encoding === "gzip") {
      await pipeline(chunks, createGzip({ chunkSize: 128 * 1024 }), whileRoom, file, options);
    } else {
      await pipeline(chunks, whileRoom, file, options);
    }
    const { size } = await stat(path);
    return { path, size, open: async () => createReadStream(path), remove: () => rm(path, { force: true }) };
  } catch (error) {
    // A file that is still being opened would come back after its removal.
    if (!file.closed) await new Promise((resolve) => file.destroy().once("close", resolve));
    await rm(path, { force: true });
    if (!(error instanceof NoRoom || isDiskFull(error))) throw error;
    throw new TaskError(
      "resource-unavailable",
      `There is not enough disk space on the worker to prepare an artifact for its upload (in ${task.scratch})`,
    );
  }
}

async function* stopBelow(
  folder: string,
  reserve: number,
  limit: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let unlooked = lookEveryBytes;
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) throw tooLarge(limit);
    unlooked += chunk.length;
    if (unlooked >= lookEveryBytes) {
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize < reserve) throw new NoRoom();
      unlooked = 0;
    }
    yield chunk;
  }
}

export function tooLarge(limit: number): ResourceError {
  return new ResourceError("too-large-file-on-worker", `The file is larger than the ${limit} bytes that can be stored`);
}
