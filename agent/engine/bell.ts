/** Waiting for a stream to have something new, with a limit, without missing what rang before the wait began. */
import type { Readable } from "node:stream";

export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  constructor(source: Readable) {
    for (const event of ["readable", "end", "error", "close"]) source.on(event, () => this.ring());
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** True when it rang since the last wait, false after `ms` milliseconds; null waits without a limit. */
  async wait(ms: number | null): Promise<boolean> {
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = ms === null ? undefined : setTimeout(resolve, Math.max(0, ms));
      await promise;
      clearTimeout(timer);
      this.#wake = null;
    }
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }
}

/** The chunks of a stream of bytes, which is destroyed at the end. Throws when `idleMs` pass without one; null waits. */
export async function* chunksOf(source: Readable, idleMs: number | null): AsyncGenerator<Buffer, void, undefined> {
  const bell = new Bell(source);
  try {
    for (;;) {
      const chunk: Buffer | null = source.read();
      if (chunk) yield chunk;
      else if (source.errored) throw source.errored;
      else if (source.readableEnded || source.destroyed) return;
      else if (!(await bell.wait(idleMs))) throw new Error(`nothing came for ${(idleMs ?? 0) / 1000} s`);
    }
  } finally {
    source.destroy();
  }
}
