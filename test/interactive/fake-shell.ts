/** A shell that is no process, so that a test decides what it reads, what it says, and when. */
import { once } from "node:events";
import { PassThrough, Writable } from "node:stream";
import type { Shell, ShellEnd, TerminalSize } from "../../agent/engine/engine.ts";

export class FakeShell implements Shell {
  readonly input: Writable;
  /** What was taken of the input. */
  taken = Buffer.alloc(0);
  /** Whether the input is read at all. */
  reads = true;
  readonly sizes: TerminalSize[] = [];
  kills = 0;
  /** Bytes of output that were given away. */
  given = 0;
  readonly #output = new PassThrough();
  readonly #ended = Promise.withResolvers<ShellEnd>();

  constructor() {
    this.input = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.taken = Buffer.concat([this.taken, chunk]);
        if (this.reads) done();
      },
    });
  }

  say(text: string | Buffer): void {
    this.#output.write(text);
  }

  exit(code: number): void {
    this.#output.end();
    this.#ended.resolve({ code, signal: null });
  }

  async copyOutput(sink: Writable): Promise<ShellEnd> {
    for await (const chunk of this.#output) {
      this.given += chunk.length;
      if (!sink.write(chunk)) await Promise.race([once(sink, "drain"), once(sink, "close")]);
      if (sink.destroyed) throw new Error("the sink was closed");
    }
    return this.#ended.promise;
  }

  resize(size: TerminalSize): void {
    this.sizes.push(size);
  }

  async kill(): Promise<void> {
    this.kills += 1;
    this.input.destroy();
    if (!this.#output.writableEnded) this.#output.end();
    this.#ended.resolve({ code: null, signal: null });
  }
}
