/**
 * The log of one run: task → this file → any number of readers. The file is the only buffer, so memory stays constant,
 * a slow reader never blocks the task, and what was written survives the agent.
 */
import { type FileHandle, open } from "node:fs/promises";
import { Writable } from "node:stream";
import { LogReader } from "./log-reader.ts";

const newline = 10;
/** Bytes that may wait here. Few: while one write is on its way, more is cheaper to gather where it is read (OutputStream). */
const bufferBytes = 64 * 1024;
/** Readers are told of new bytes at most this often, so that many of them do not slow the writer down. */
const tellReadersMs = 20;
/** Copying chunks below this size together is cheaper than naming each of them to the system. */
const smallChunkBytes = 4096;

type Callback = (error?: Error | null) => void;

/**
 * Control characters other than line ends and tabs, as `\xNN`, those that turn the direction of a text among them: what a
 * task chose to name a file cannot steer a terminal, or look like another name.
 */
function escapeControls(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

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

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

export class TaskLog {
  readonly path: string;
  /**
   * Takes the raw bytes of commands, in order with the lines below. Never end or destroy it. It reports no errors: after
   * `failure` it goes on draining, so that a full disk does not block the task.
   */
  readonly output: Writable;
  readonly #file: FileHandle;
  readonly #lines = new WeakSet<Buffer>();
  readonly #waiting = new Set<() => void>();
  #telling: NodeJS.Timeout | null = null;
  #size = 0;
  #lastByte = newline;
  /** What commands may still write. */
  #room: number;
  readonly #full = new AbortController();
  #failure: Error | null = null;
  #closing: Promise<void> | null = null;
  #closed = false;

  /**
   * Creates the backing log, which must not exist, readable by the agent alone. What commands write beyond
   * `maxOutputBytes` is dropped. Throws the system's error.
   */
  static async open(path: string, maxOutputBytes = Number.POSITIVE_INFINITY): Promise<TaskLog> {
    return new TaskLog(path, await open(path, "ax", 0o600), maxOutputBytes);
  }

  private constructor(path: string, file: FileHandle, maxOutputBytes: number) {
    this.path = path;
    this.#file = file;
    this.#room = maxOutputBytes;
    this.output = new Writable({
      highWaterMark: bufferBytes,
      write: (chunk: Buffer, _encoding, callback) => void this.#append([chunk], callback),
      writev: (chunks: { chunk: Buffer }[], callback) =>
        void this.#append(
          chunks.map(({ chunk }) => chunk),
          callback,
        ),
    });
    this.output.on("error", (error) => {
      this.#failure ??= error;
    });
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /** Aborted when the commands have written more than they may. */
  get full(): AbortSignal {
    return this.#full.signal;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The first write that failed (usually: disk full). The log ends there; everything later is dropped. */
  get failure(): Error | null {
    return this.#failure;
  }

  info(text: string): void {
    this.#line(`[taskcluster ${new Date().toISOString()}] `, text);
  }

  warn(text: string): void {
    this.#line(`[taskcluster:warn ${new Date().toISOString()}] `, text);
  }

  error(text: string): void {
    this.#line("[taskcluster:error] ", text);
  }

  /** A line, or several, without a prefix. */
  raw(text: string): void {
    this.#line("", text);
  }

  /** Resolves when every byte is in the file. Lines that come later are dropped. Any number of calls. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Follows the file from byte `from` until the log is closed and read to its end. Any number of readers. */
  reader(from = 0): LogReader {
    return new LogReader(this, from, (wake) => {
      this.#waiting.add(wake);
      return () => this.#waiting.delete(wake);
    });
  }

  #line(prefix: string, text: string): void {
    if (this.#closing) return;
    const lines = escapeControls(text).split("\n");
    const bytes = Buffer.from(lines.map((line) => `${prefix}${line}\n`).join(""));
    this.#lines.add(bytes);
    this.output.write(bytes);
  }

  async #append(chunks: readonly Buffer[], callback: Callback): Promise<void> {
    if (!this.#failure) {
      try {
        await this.#write(this.#onNewLines(this.#withinRoom(chunks)));
      } catch (error) {
        this.#failure = toError(error);
      }
      this.#tellReaders();
    }
    callback();
  }

  /** Our own lines are few, and always fit. */
  #withinRoom(chunks: readonly Buffer[]): Buffer[] {
    return chunks.map((chunk) => {
      if (this.#lines.has(chunk)) return chunk;
      const fits = chunk.subarray(0, this.#room);
      this.#room -= fits.length;
      if (fits.length < chunk.length && !this.#full.signal.aborted) this.#full.abort();
      return fits;
    });
  }

  /** Puts a line end before each of our lines that would continue a line of the task. */
  #onNewLines(chunks: readonly Buffer[]): Buffer[] {
    const placed: Buffer[] = [];
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      if (this.#lastByte !== newline && this.#lines.has(chunk)) placed.push(Buffer.of(newline));
      placed.push(chunk);
      this.#lastByte = chunk[chunk.length - 1] ?? newline;
    }
    return placed;
  }

  /** A write may be cut short; then the rest follows. */
  async #write(chunks: Buffer[]): Promise<void> {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    let rest = bytes < chunks.length * smallChunkBytes ? [Buffer.concat(chunks)] : chunks;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#file.writev(rest);
      this.#size += bytesWritten;
      rest = after(rest, bytesWritten);
    }
  }

  #tellReaders(): void {
    if (this.#waiting.size === 0 || this.#telling) return;
    this.#telling = setTimeout(() => this.#wakeReaders(), tellReadersMs);
  }

  #wakeReaders(): void {
    if (this.#telling) clearTimeout(this.#telling);
    this.#telling = null;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  async #close(): Promise<void> {
    await new Promise<void>((resolve) => this.output.end(() => resolve()));
    try {
      await this.#file.close();
    } catch (error) {
      this.#failure ??= toError(error);
    }
    this.#closed = true;
    this.#wakeReaders();
  }
}
