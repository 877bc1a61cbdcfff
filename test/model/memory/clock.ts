/** Time of a sequence in memory: it stands still while anything is to be done, and then jumps to the next timer. */

export interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

const nextTurn = globalThis.setImmediate;

/** Resolves when everything that can happen without time has happened: promises, ticks, events of streams. */
export function drained(): Promise<void> {
  return new Promise((resolve) => nextTurn(resolve));
}

export class Clock {
  /** Milliseconds. It begins late enough that no difference becomes negative. */
  now = 1_000_000;
  readonly #timers = new Set<Timer>();

  after(ms: number, fire: () => void): Timer {
    const timer = { at: this.now + Math.max(0, ms), fire };
    this.#timers.add(timer);
    return timer;
  }

  clear(timer: Timer): void {
    this.#timers.delete(timer);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  get idle(): boolean {
    return this.#timers.size === 0;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (!next || timer.at < next.at) next = timer;
    return next;
  }

  /** Goes on by `ms`, or until `stop` says so or no timer is left. Calls `look` after each timer. */
  async advance(ms: number, look: () => void, stop: () => boolean = () => false): Promise<void> {
    const until = this.now + ms;
    for (let next = this.#next(); next && next.at <= until; next = this.#next()) {
      if (next.at > this.now && stop()) return;
      this.now = next.at;
      this.#timers.delete(next);
      next.fire();
      await drained();
      look();
    }
    if (!stop()) this.now = until;
  }
}
