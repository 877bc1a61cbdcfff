/** Bytes of a pipe, as lines of bounded length. */

export class LineSplitter {
  readonly #longest: number;
  readonly #line: (text: string) => void;
  readonly #tooLong: () => void;
  #held: Buffer = Buffer.alloc(0);
  #skipping = false;

  /** `longest` in bytes. `line` gets each line without its end; `tooLong` hears of one that was dropped. */
  constructor(longest: number, line: (text: string) => void, tooLong: () => void) {
    this.#longest = longest;
    this.#line = line;
    this.#tooLong = tooLong;
  }

  take(chunk: Buffer): void {
    let from = 0;
    for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
      this.#hold(chunk.subarray(from, to));
      if (!this.#skipping) this.#line(this.#held.toString("utf8"));
      this.#held = Buffer.alloc(0);
      this.#skipping = false;
      from = to + 1;
    }
    this.#hold(chunk.subarray(from));
  }

  #hold(part: Buffer): void {
    if (this.#skipping || part.length === 0) return;
    if (this.#held.length + part.length > this.#longest) {
      this.#skipping = true;
      this.#held = Buffer.alloc(0);
      this.#tooLong();
    } else {
      this.#held = Buffer.concat([this.#held, part]);
    }
  }
}
