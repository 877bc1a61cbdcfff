/** The logs that can be read over HTTP at this moment, each under a secret of its own. */
import { Readable } from "node:stream";
import type { TaskLog } from "../task-log.ts";
import { Secrets } from "./secrets.ts";

/** How long readers may take for the rest after a task has ended. */
const farewellMs = 10 * 60_000;
/** Of one log: each holds a connection and a descriptor, which all tasks share. */
const mostReaders = 100;

export interface PublishedLog {
  readonly url: string;
  /** No new readers from now on; those there are get the rest. Any number of calls. */
  remove(): void;
}

interface Entry {
  readonly log: TaskLog;
  readonly readers: Set<Readable>;
}

export class LiveLogs {
  readonly #origin: () => string;
  readonly #entries = new Secrets<Entry>();

  /** `origin` tells how others reach the server that serves `/log/<secret>`; asked when a log is published. */
  constructor(origin: () => string) {
    this.#origin = origin;
  }

  publish(log: TaskLog): PublishedLog {
    const entry: Entry = { log, readers: new Set() };
    const secret = this.#entries.add(entry);
    return { url: `${this.#origin()}/log/${secret}`, remove: () => this.#remove(entry) };
  }

  /**
   * Null for an unknown secret, `busy` for a log that has as many readers as it can. Throws the system's error when the log
   * cannot be read, as the stream does.
   */
  async open(secret: string): Promise<Readable | "busy" | null> {
    const entry = this.#entries.find(secret);
    if (!entry) return null;
    if (entry.readers.size >= mostReaders) return "busy";
    const reader = entry.log.reader();
    const stream = Readable.from(reader, { objectMode: false, highWaterMark: 64 * 1024 });
    // Before anything is waited for: whoever removes the log meanwhile has to know of this reader.
    entry.readers.add(stream);
    stream.once("close", () => entry.readers.delete(stream));
    try {
      await reader.open();
    } catch (error) {
      stream.destroy();
      throw error;
    }
    return stream;
  }

  has(secret: string): boolean {
    return this.#entries.find(secret) !== null;
  }

  #remove(entry: Entry): void {
    if (!this.#entries.remove(entry) || entry.readers.size === 0) return;
    const timer = setTimeout(() => {
      for (const reader of entry.readers) reader.destroy();
    }, farewellMs);
    timer.unref();
  }
}
