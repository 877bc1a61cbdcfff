/**
 * Which blocks of a target's scripts ran, from V8's precise coverage. It must be started before they are compiled: code
 * that was compiled without counters stays without.
 */
import { type Profiler, Session } from "node:inspector";

interface Block {
  readonly start: number;
  readonly end: number;
  /** One bit for each hit-count bucket that this block has been seen in; 0: it has never run. */
  seen: number;
}
export interface Hit {
  readonly block: Block;
  readonly count: number;
}

/** 1, 2, 3, 4–7, 8–15, 16–31, 32–127, 128 and more: twice as often is news, once more is not. */
function bucketOf(count: number): number {
  if (count <= 3) return 1 << (count - 1);
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}

export class Coverage {
  readonly #session = new Session();
  readonly #scripts: readonly string[];
  readonly #functions = new Map<string, Map<string, Block>>();

  /** `scripts` are the ends of their URLs. */
  constructor(scripts: readonly string[]) {
    this.#scripts = scripts;
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  close(): void {
    this.#session.disconnect();
  }

  /** The blocks that ran since the last call, each with how often. Costs about a millisecond. */
  take(): Hit[] {
    const hits: Hit[] = [];
    this.#session.post("Profiler.takePreciseCoverage", (error, taken) => {
      if (error) throw error;
      for (const script of taken.result) {
        if (!this.#scripts.some((end) => script.url.endsWith(end))) continue;
        for (const { ranges } of script.functions) this.#read(script.url, ranges, hits);
      }
    });
    return hits;
  }

  /** V8 leaves out a block that ran as often as the one around it, so every block ever named is looked up. */
  #read(url: string, ranges: Profiler.CoverageRange[], hits: Hit[]): void {
    const key = `${url} ${ranges[0]?.startOffset}-${ranges[0]?.endOffset}`;
    const blocks = this.#functions.get(key) ?? new Map<string, Block>();
    this.#functions.set(key, blocks);
    for (const { startOffset: start, endOffset: end } of ranges) {
      const name = `${start}-${end}`;
      if (!blocks.has(name)) blocks.set(name, { start, end, seen: 0 });
    }
    for (const block of blocks.values()) {
      const inside = ranges.findLast(
        ({ startOffset, endOffset }) => startOffset <= block.start && block.start < endOffset,
      );
      if (inside && inside.count > 0) hits.push({ block, count: inside.count });
    }
  }

  /** Whether a block ran for the first time. */
  static hasNewBlock(hits: readonly Hit[]): boolean {
    return hits.some(({ block }) => block.seen === 0);
  }

  /** Whether a block ran for the first time, or in a number that it has not been seen in; for one execution's hits. */
  static hasNewCount(hits: readonly Hit[]): boolean {
    return hits.some(({ block, count }) => (block.seen & bucketOf(count)) === 0);
  }

  static learn(hits: readonly Hit[]): void {
    for (const { block, count } of hits) block.seen |= bucketOf(count);
  }

  /** As if nothing had run; the blocks stay known. */
  forget(): void {
    for (const blocks of this.#functions.values()) for (const block of blocks.values()) block.seen = 0;
  }

  /** Blocks that have run, and blocks that are known. */
  get count(): { covered: number; known: number } {
    const blocks = [...this.#functions.values()].flatMap((each) => [...each.values()]);
    return { covered: blocks.filter(({ seen }) => seen !== 0).length, known: blocks.length };
  }
}
