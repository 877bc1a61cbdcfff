/**
 * Looks for inputs that reach a block, or a number of times, that none has reached before. Reading the counters costs as
 * much as hundreds of executions, so they are read once for many: where a batch has reached something new it is halved
 * until the inputs that did it are found. A few inputs of each round are read one by one: only they can tell how often.
 */
import { Coverage, type Hit } from "./coverage.ts";
import type { Execution } from "./execution.ts";
import type { Inputs } from "./inputs.ts";
import { shorten } from "./shorten.ts";

const single = 4;
const trimTries = 32;
const newOf = (hits: readonly Hit[]): Hit[] => hits.filter((hit) => Coverage.hasNewCount([hit]));

export class Guided {
  readonly #execution: Execution;
  readonly #coverage: Coverage;
  readonly #inputs: Inputs;
  #batch = 64;
  #end = 0;

  constructor(execution: Execution, coverage: Coverage, inputs: Inputs) {
    this.#execution = execution;
    this.#coverage = coverage;
    this.#inputs = inputs;
    Coverage.learn(coverage.take()); // What loading the script ran.
    for (const input of inputs.kept) {
      Coverage.learn(this.#hitsOf([input]));
    }
  }

  /** Throws a Finding. */
  run(seconds: number): void {
    this.#end = performance.now() + seconds * 1000;
    while (performance.now() < this.#end) {
      const inputs = Array.from({ length: this.#batch }, () => this.#inputs.next());
      const began = performance.now();
      for (const input of inputs) this.#execution.run(input);
      const ran = performance.now();
      const hits = this.#coverage.take();
      this.#adapt(ran - began, performance.now() - ran);
      if (Coverage.hasNewBlock(hits)) {
        this.#search(inputs);
        // What only the whole batch could reach is not looked for again.
        Coverage.learn(hits.filter(({ block }) => block.seen === 0));
      }
      for (let left = single; left > 0; left -= 1) {
        const input = this.#inputs.next();
        this.#keepIfNew(input, this.#hitsOf([input]));
      }
    }
  }

  /** Reading the counters, for the batch and for single inputs, shall take about a third of the time. */
  #adapt(batchMs: number, takeMs: number): void {
    if (batchMs < 2 * (single + 1) * takeMs) this.#batch = Math.min(8192, this.#batch * 2);
    else this.#batch = Math.max(16, Math.floor(this.#batch / 2));
  }

  #hitsOf(inputs: readonly Buffer[]): Hit[] {
    for (const input of inputs) this.#execution.run(input);
    return this.#coverage.take();
  }

  #search(inputs: readonly Buffer[]): void {
    const half = Math.ceil(inputs.length / 2);
    for (const part of [inputs.slice(0, half), inputs.slice(half)]) {
      if (part.length === 0 || performance.now() > this.#end) continue;
      const hits = this.#hitsOf(part);
      const [input] = part;
      if (part.length === 1 && input) this.#keepIfNew(input, hits);
      else if (Coverage.hasNewBlock(hits)) this.#search(part);
    }
  }

  #keepIfNew(input: Buffer, hits: readonly Hit[]): void {
    if (!Coverage.hasNewCount(hits)) return;
    Coverage.learn(hits);
    this.#inputs.kept.push(input);
  }

  /** The fewest, and shortest, of the kept inputs that reach what all of them reach, each cut to what it needs for it. */
  smallest(): Buffer[] {
    this.#coverage.forget();
    const found: Buffer[] = [];
    for (const input of [...this.#inputs.kept].sort((one, other) => one.length - other.length)) {
      const news = newOf(this.#hitsOf([input]));
      if (news.length === 0) continue;
      const keeps = (shorter: Buffer): boolean => {
        const again = newOf(this.#hitsOf([shorter]));
        return news.every((one) => again.some((other) => other.block === one.block));
      };
      const kept = shorten(input, keeps, trimTries);
      Coverage.learn(this.#hitsOf([kept]));
      found.push(kept);
    }
    return found;
  }
}
