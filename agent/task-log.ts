/**
 * The log of one run: task → this file → any number of readers. The file is the only buffer, so memory stays constant,
 * a slow reader never blocks the task, and what was written survives the agent.
 */
import { Writable } from "node:stream";
import { BackingFile } from "./backing-file.ts";
import { LogReader } from "./log-reader.ts";
import { isDiskFull, messageOf } from "./thrown.ts";

const newline = 10;
/** Bytes that may wait here. Few: while one write is on its way, more is cheaper to gather where it is read (OutputStream). */
const bufferBytes = 64 * 1024;
/** Of our own lines after a failure: what a run says at its end. */
const keptBytes = 64 * 1024;
/** Readers are told of new bytes at most this often, so that many of them do not slow the writer down. */
const tellReadersMs = 20;

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

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

export class TaskLog {
  readonly path: string;
  /**
   * Takes the raw bytes of commands, in order with the lines below. Never end or destroy it. It reports no errors: after
   * `failed` it goes on draining, so that a full disk does not block the task.
   */
  readonly output: Writable;
  readonly #file: BackingFile;
  readonly #lines = new WeakSet<Buffer>();
  readonly #waiting = new Set<() => void>();
  #telling: NodeJS.Timeout | null = null;
  #lastByte = newline;
  /** What commands may still write. */
  #room: number;
  readonly #full = new AbortController();
  readonly #failed = new AbortController();
  /** Our own lines that found no place in the file. */
  readonly #unwritten: Buffer[] = [];
  #unwrittenBytes = 0;
  #closing: Promise<void> | null = null;
  #closed = false;

  /**
   * Creates the backing log, which must not exist, readable by the agent alone. What commands write beyond
   * `maxOutputBytes` is dropped. `now` in milliseconds. Throws the system's error.
   */
  static async open(path: string, maxOutputBytes = Number.POSITIVE_INFINITY, now?: () => number): Promise<TaskLog> {
    return new TaskLog(path, await BackingFile.open(path, now), maxOutputBytes);
  }

  private constructor(path: string, file: BackingFile, maxOutputBytes: number) {
    this.path = path;
    this.#file = file;
    this.#room = maxOutputBytes;
    this.output = new Writable({
      highWaterMark: bufferBytes,
      write: (chunk: Buffer, _encoding, callback) => this.#append([chunk], callback),
      writev: (chunks: { chunk: Buffer }[], callback) =>
        this.#append(
          chunks.map(({ chunk }) => chunk),
          callback,
        ),
    });
    this.output.on("error", (error) => this.#fail(error));
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#file.size;
  }

  /** Aborted when the commands have written more than they may. */
  get full(): AbortSignal {
    return this.#full.signal;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Aborted by the first write that fails (usually: disk full), with the system's error as reason. The file ends there. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /**
   * What follows the file after a failure, so that nobody takes it for the whole log: a sentence, and our own lines since.
   * Else empty. Complete when the log is closed.
   */
  get ending(): Buffer {
    if (!this.failed.aborted) return Buffer.alloc(0);
    const why = isDiskFull(this.failed.reason) ? "the disk of the worker is full" : messageOf(this.failed.reason);
    const sentence = `\n[taskcluster:error] What the task wrote from here on is lost: ${escapeControls(why)}.\n`;
    return Buffer.concat([Buffer.from(sentence), ...this.#unwritten]);
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

  #append(chunks: readonly Buffer[], callback: Callback): void {
    const settle = (error?: unknown): void => {
      if (error) {
        this.#keepLines(chunks);
        this.#fail(error);
      }
      this.#tellReaders();
      callback();
    };
    try {
      const isFailed = this.failed.aborted;
      if (isFailed) this.#keepLines(chunks);
      const writing = isFailed ? undefined : this.#file.append(this.#onNewLines(this.#withinRoom(chunks)));
      if (writing) writing.then(() => settle(), settle);
      else settle();
    } catch (error) {
      settle(error);
    }
  }

  #fail(thrown: unknown): void {
    this.#failed.abort(toError(thrown));
  }

  #keepLines(chunks: readonly Buffer[]): void {
    for (const chunk of chunks.filter((each) => this.#lines.has(each))) {
      this.#unwrittenBytes += chunk.length;
      if (this.#unwrittenBytes <= keptBytes) this.#unwritten.push(chunk);
    }
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
      this.#fail(error);
    }
    this.#closed = true;
    this.#wakeReaders();
  }
}
