/** One reader of a task log that may still grow. It holds a descriptor and one chunk, whatever the size of the log. */
import { type FileHandle, open } from "node:fs/promises";

const chunkBytes = 64 * 1024;

/** What a reader has to know of its log. */
export interface GrowingFile {
  readonly path: string;
  readonly size: number;
  readonly closed: boolean;
  /** What follows the bytes of the file once it is closed. */
  readonly ending: Buffer;
}

/** Calls `wake` once, when the file has grown or is closed; the answer takes the wish back. */
type WaitForMore = (wake: () => void) => () => void;

/**
 * Written by hand because an async generator cannot be stopped while it waits: `return()` would hang until the task
 * prints something.
 */
export class LogReader implements AsyncIterableIterator<Uint8Array> {
  readonly #log: GrowingFile;
  readonly #waitForMore: WaitForMore;
  #offset: number;
  #opening: Promise<FileHandle> | null = null;
  #stopWaiting: (() => void) | null = null;
  #ended = false;
  #saidEnding = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** `from` is a byte offset. */
  constructor(log: GrowingFile, from: number, waitForMore: WaitForMore) {
    this.#log = log;
    this.#offset = from;
    this.#waitForMore = waitForMore;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Opens the log now, so that this reader can finish even if the file is removed. Throws the system's error. */
  async open(): Promise<void> {
    await this.#file();
  }

  /** The next bytes, as soon as there are any. Throws the system's error when the file cannot be read. */
  next(): Promise<IteratorResult<Uint8Array>> {
    const answer = this.#turn.then(() => this.#next());
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  /** Stops, also in the middle of a wait, and frees the descriptor. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#ended = true;
    this.#stopWaiting?.();
    const opening = this.#opening;
    this.#opening = null;
    if (opening) {
      const file = await opening.catch(() => null);
      await file?.close();
    }
    return { done: true, value: undefined };
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    while (!this.#ended) {
      const available = this.#log.size - this.#offset;
      if (available > 0) {
        const value = await this.#read(Math.min(available, chunkBytes));
        if (value) return { done: false, value };
        break;
      }
      if (this.#log.closed) {
        const { ending } = this.#log;
        if (this.#saidEnding || ending.length === 0) return this.return();
        this.#saidEnding = true;
        return { done: false, value: ending };
      }
      await this.#more();
    }
    return { done: true, value: undefined };
  }

  /** Null when `return()` came meanwhile. */
  async #read(bytes: number): Promise<Uint8Array | null> {
    try {
      const file = await this.#file();
      const chunk = Buffer.allocUnsafeSlow(bytes);
      const { bytesRead } = await file.read(chunk, 0, bytes, this.#offset);
      if (bytesRead === 0) throw new Error(`the log file ${this.#log.path} was cut while it was read`);
      this.#offset += bytesRead;
      return chunk.subarray(0, bytesRead);
    } catch (error) {
      if (this.#ended) return null;
      await this.return();
      throw error;
    }
  }

  #file(): Promise<FileHandle> {
    this.#opening ??= open(this.#log.path, "r");
    return this.#opening;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.#waitForMore(resolve);
      this.#stopWaiting = () => {
        forget();
        resolve();
      };
    });
  }
}
