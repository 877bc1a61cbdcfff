/** Readers between two files of a task. Each is one of the processes that the helper counts, so none is kept for long. */
import type { FileReader } from "./file-reader.ts";

/** Many times what starting another one takes. */
const IDLE_MS = 1_000;

export class IdleReaders {
  readonly #timers = new Map<FileReader, NodeJS.Timeout>();

  put(reader: FileReader): void {
    const end = (): void => {
      this.#timers.delete(reader);
      void reader.end();
    };
    this.#timers.set(reader, setTimeout(end, IDLE_MS));
  }

  /** The one that read last, so that those which are not needed end. */
  take(): FileReader | undefined {
    const reader = [...this.#timers.keys()].at(-1);
    if (reader) this.#forget(reader);
    return reader;
  }

  /** Ends them all. */
  async end(): Promise<void> {
    const readers = [...this.#timers.keys()];
    for (const reader of readers) this.#forget(reader);
    await Promise.all(readers.map((reader) => reader.end()));
  }

  #forget(reader: FileReader): void {
    clearTimeout(this.#timers.get(reader));
    this.#timers.delete(reader);
  }
}
