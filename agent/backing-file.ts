/**
 * The file that a task's log is written to. A write that only fills the system's own buffers takes some ten microseconds,
 * a turn through Node's thread pool several times that: so writes are made at once, until one shows that the disk is slow.
 * Then they go through the pool for a while, where they stop nobody else.
 */
import { writevSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** In milliseconds. What a write at once may take, and for how long none is tried after one that took longer. */
const SLOW = 10;
const REST = 2_000;
/** Copying chunks below this size together is cheaper than naming each of them to the system. */
const SMALL_CHUNK_BYTES = 4096;

/** What remains of `chunks` behind the first `bytes`. */
function after(chunks: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  const whole = chunks.findIndex((chunk) => {
    if (skip < chunk.length) return true;
    skip -= chunk.length;
    return false;
  });
  if (whole === -1) return [];
  return chunks.slice(whole).map((chunk, index) => (index === 0 ? chunk.subarray(skip) : chunk));
}

export class BackingFile {
  readonly #file: FileHandle;
  readonly #now: () => number;
  #size = 0;
  #restUntil = Number.NEGATIVE_INFINITY;

  /** Creates the file, which must not exist, readable by the agent alone. `now` in milliseconds. Throws the system's error. */
  static async open(path: string, now = () => performance.now()): Promise<BackingFile> {
    return new BackingFile(await open(path, "ax", 0o600), now);
  }

  private constructor(file: FileHandle, now: () => number) {
    this.#file = file;
    this.#now = now;
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /**
   * Writes all of it, one call at a time. Without an answer it is done; else when the promise resolves. Throws, or
   * rejects, with the system's error.
   */
  append(chunks: Buffer[]): Promise<void> | undefined {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const wanted = bytes < chunks.length * SMALL_CHUNK_BYTES ? [Buffer.concat(chunks)] : chunks;
    const began = this.#now();
    if (began < this.#restUntil) return this.#appendAside(wanted);
    for (let rest = wanted; rest.length > 0; ) rest = this.#written(rest, writevSync(this.#file.fd, rest));
    const ended = this.#now();
    if (ended - began > SLOW) this.#restUntil = ended + REST;
    return undefined;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #appendAside(chunks: Buffer[]): Promise<void> {
    for (let rest = chunks; rest.length > 0; ) {
      const { bytesWritten } = await this.#file.writev(rest);
      rest = this.#written(rest, bytesWritten);
    }
  }

  /** A write may be cut short; then the rest follows. */
  #written(chunks: Buffer[], bytes: number): Buffer[] {
    this.#size += bytes;
    return after(chunks, bytes);
  }
}
