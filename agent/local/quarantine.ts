/** Workers that have asked for work, and those that get none for a while. */
import type { Worker } from "./types.ts";

export interface KnownWorker {
  /** When it asked first, in milliseconds. */
  readonly firstClaim: number;
  /** The end of its quarantine, which may be over; null when there never was one. */
  readonly until: number | null;
}

function keyOf({ workerGroup, workerId }: Worker): string {
  return `${workerGroup}/${workerId}`;
}

export class Quarantine {
  readonly #until = new Map<string, number>();
  readonly #firstClaim = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(worker: Worker, until: Date): void {
    this.#until.set(keyOf(worker), until.getTime());
  }

  /** The worker asks for work. True when it gets none. */
  asked(worker: Worker): boolean {
    const key = keyOf(worker);
    if (!this.#firstClaim.has(key)) this.#firstClaim.set(key, this.#now());
    return (this.#until.get(key) ?? 0) > this.#now();
  }

  /** Null for a worker that never asked for work. */
  worker(worker: Worker): KnownWorker | null {
    const firstClaim = this.#firstClaim.get(keyOf(worker));
    return firstClaim === undefined ? null : { firstClaim, until: this.#until.get(keyOf(worker)) ?? null };
  }
}
