/**
 * Where the agent's own log goes: a descriptor whose disk may be full. The agent must not die of that: lines are held until
 * there is room again, and those that come when no more can be held are counted.
 */
const HELD_CHARACTERS = 1024 * 1024;

/** As pino has it: what could not be written is kept, and tried again with the next write; `drain` when all is written. */
export interface KeepingStream {
  write(text: string): unknown;
  on(event: "error" | "drain", listener: () => void): unknown;
}

export class LogDestination {
  readonly #stream: KeepingStream;
  #stuck = false;
  #held = 0;
  #dropped = 0;

  constructor(stream: KeepingStream) {
    this.#stream = stream;
    stream.on("error", () => {
      this.#stuck = true;
    });
    stream.on("drain", () => this.#written());
  }

  /** `line` with its end. Never throws. */
  write(line: string): void {
    const fits = !this.#stuck || this.#held + line.length <= HELD_CHARACTERS;
    if (this.#stuck && fits) this.#held += line.length;
    if (!fits) this.#dropped += 1;
    // The stream tries again what it holds whenever it is written to, if only nothing.
    this.#stream.write(fits ? line : "");
  }

  #written(): void {
    this.#stuck = false;
    this.#held = 0;
    if (this.#dropped === 0) return;
    const msg = `${this.#dropped} lines of this log are lost: it could not be written for too long.`;
    this.#dropped = 0;
    this.write(`${JSON.stringify({ level: "warn", time: new Date().toISOString(), msg })}\n`);
  }
}
