/** The two pipes to worker-runner, in memory, and what worker-runner has read. */
import { PassThrough, Writable } from "node:stream";

export class Pipes {
  /** The worker's stdin. */
  readonly input = new PassThrough();
  #read = "";
  #reads = true;
  #waiting: (() => void) | null = null;
  /** The worker's stdout. */
  readonly output = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      this.#read += String(chunk);
      if (this.#reads) done();
      else this.#waiting = done;
    },
  });

  /** From now on worker-runner reads nothing more. */
  stop(): void {
    this.#reads = false;
  }

  goOn(): void {
    this.#reads = true;
    this.#waiting?.();
    this.#waiting = null;
  }

  /** A message of worker-runner, or a line that is none. */
  async say(message: object | string): Promise<void> {
    this.input.write(typeof message === "string" ? message : `~${JSON.stringify(message)}\n`);
    await new Promise(setImmediate);
  }

  /** What the worker wrote since the last call. */
  text(): string {
    const text = this.#read;
    this.#read = "";
    return text;
  }

  messages(): unknown[] {
    const lines = this.text().split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line.replace(/^~/, "")));
  }
}
