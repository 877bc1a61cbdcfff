import { changeBytes } from "./change-bytes.ts";
import type { Random } from "./random.ts";
import type { Target } from "./target.ts";

const recent = 16;

/** The inputs that reached something new, and new ones made of them. */
export class Inputs {
  readonly kept: Buffer[];
  readonly #target: Target;
  readonly #random: Random;

  constructor(target: Target, random: Random, kept: readonly Buffer[]) {
    this.#target = target;
    this.#random = random;
    this.kept = [...kept];
  }

  /** A change of a kept one, the last ones more often than others; sometimes one of its own. */
  next(): Buffer {
    const [random, kept] = [this.#random, this.kept];
    if (kept.length === 0 || random.oneIn(8)) return this.#target.make(random);
    const input = random.oneIn(2)
      ? random.pick(kept)
      : (kept.at(-1 - random.below(Math.min(recent, kept.length))) ?? Buffer.alloc(0));
    const changed = this.#target.change(input, random);
    return changed ?? changeBytes(input, random, this.#target.tokens, random.pick(kept));
  }
}
