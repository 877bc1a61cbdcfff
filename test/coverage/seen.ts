/** What of a source has run, as far as V8's precise coverage says it. It imports nothing: copies of it run anywhere. */

/** A range of a function as V8 gives it: a count holds for what no range inside it has a count of its own for. */
export interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** For files: stretches of offsets that ran, and V8's blocks with whether each ran. */
export interface Written {
  readonly ran: readonly (readonly [number, number])[];
  readonly blocks: readonly (readonly [number, number, boolean])[];
}

export class Seen {
  /** By offset: 1 once that has run. */
  #ran = new Uint8Array(0);
  /** By "start-end". V8 names only a block that ran more or less often than what is around it. */
  readonly #blocks = new Map<string, boolean>();

  #hold(length: number): void {
    if (length <= this.#ran.length) return;
    const longer = new Uint8Array(length);
    longer.set(this.#ran);
    this.#ran = longer;
  }

  #block(start: number, end: number, ran: boolean): void {
    const key = `${start}-${end}`;
    this.#blocks.set(key, ran || this.#blocks.get(key) === true);
  }

  /** Takes up what V8 counted since the time before. Of a function that did not run meanwhile it may say nothing. */
  take(functions: readonly { readonly ranges: readonly Range[] }[]): void {
    const ranges = functions.flatMap((each) => each.ranges);
    ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset); // What is inside comes later.
    const length = Math.max(0, ...ranges.map(({ endOffset }) => endOffset));
    this.#hold(length);
    const now = new Uint8Array(length);
    for (const { startOffset, endOffset, count } of ranges) {
      now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      this.#block(startOffset, endOffset, count > 0);
    }
    for (const [at, ran] of now.entries()) if (ran) this.#ran[at] = 1;
  }

  /** Takes up what another process has seen of the same source. */
  add({ ran, blocks }: Written): void {
    for (const [start, end] of ran) {
      this.#hold(end);
      this.#ran.fill(1, start, end);
    }
    for (const [start, end, did] of blocks) this.#block(start, end, did);
  }

  ranAt(offset: number): boolean {
    return this.#ran[offset] === 1;
  }

  /** Every block that was ever named; it ran when V8 said so, or when something in it did. */
  blocks(): { start: number; end: number; ran: boolean }[] {
    return [...this.#blocks].map(([key, ran]) => {
      const [start = 0, end = 0] = key.split("-").map(Number);
      return { start, end, ran: ran || this.#ran.subarray(start, end).includes(1) };
    });
  }

  toJSON(): Written {
    const stretches: [number, number][] = [];
    for (let start = this.#ran.indexOf(1); start >= 0; ) {
      const next = this.#ran.indexOf(0, start);
      const end = next < 0 ? this.#ran.length : next;
      stretches.push([start, end]);
      start = this.#ran.indexOf(1, end);
    }
    return { ran: stretches, blocks: this.blocks().map(({ start, end, ran }) => [start, end, ran]) };
  }
}
