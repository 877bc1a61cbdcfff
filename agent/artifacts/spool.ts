/** A finished copy of a file, compressed or not, in the run's scratch directory: read to its end before anyone is told. */
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { TaskError } from "../outcome.ts";
import type { TaskContext } from "../task-context.ts";
import type { Source } from "./source.ts";

/** How often the free space is looked at, in bytes written. */
const lookEveryBytes = 32 * 1024 * 1024;
/**
 * What a spool leaves free for the logs and the queue's own files. Not the whole of requiredDiskSpaceMegabytes: that is
 * what a task was promised before it began, and may have used.
 */
const reserveBytes = 256_000_000;

export interface Spool extends Source {
  readonly path: string;
  remove(): Promise<void>;
}

class NoRoom extends Error {}

/**
 * Copies `chunks` into a new file of the agent's own. Throws what `chunks` throws, or TaskError resource-unavailable when
 * the disk is full; nothing is left behind then.
 */
export async function spool(
  task: TaskContext,
  chunks: AsyncIterable<Uint8Array>,
  encoding: "identity" | "gzip",
): Promise<Spool> {
  const path = join(task.scratch, `spool-${randomUUID()}`);
  const reserve = Math.min(task.config.requiredDiskSpaceMegabytes * 1_000_000, reserveBytes);
  const whileRoom = (bytes: AsyncIterable<Uint8Array>) => stopBelow(task.scratch, reserve, bytes);
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
    await rm(path, { force: true });
    if (!isNoRoom(error)) throw error;
    throw new TaskError(
      "resource-unavailable",
      `There is not enough disk space on the worker to prepare an artifact for its upload (in ${task.scratch})`,
    );
  }
}

async function* stopBelow(
  folder: string,
  reserve: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let unlooked = lookEveryBytes;
  for await (const chunk of chunks) {
    unlooked += chunk.length;
    if (unlooked >= lookEveryBytes) {
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize < reserve) throw new NoRoom();
      unlooked = 0;
    }
    yield chunk;
  }
}

function isNoRoom(error: unknown): boolean {
  if (error instanceof NoRoom) return true;
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
