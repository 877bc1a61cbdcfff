/** Workers that get no work for a while. */
import type { Worker } from "./types.ts";

export class Quarantine {
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add({ workerGroup, workerId }: Worker, until: Date): void {
    this.#until.set(`${workerGroup}/${workerId}`, until.getTime());
  }

  has({ workerGroup, workerId }: Worker): boolean {
    return (this.#until.get(`${workerGroup}/${workerId}`) ?? 0) > this.#now();
  }
}
