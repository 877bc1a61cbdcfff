/**
 * How long to try nothing after what the machine could not even begin with. Runs: a worker that took one task after the
 * other to end each of them at once would empty the queue. Task users: each try may cost a uid.
 */

const FIRST_MS = 5_000;
const LONGEST_MS = 300_000;

export class Rest {
  #failures = 0;
  #until = 0;
  #reason = "";

  /** Hears of every try that has ended. `hindrance`: why the machine could not begin with it; null when it could. */
  ended(begun: boolean, hindrance: string | null): void {
    if (begun) {
      this.#failures = 0;
      this.#until = 0;
    }
    if (hindrance === null) return;
    // Several that fail together are one failure.
    if (this.leftMs === 0) this.#failures += 1;
    this.#reason = hindrance;
    this.#until = performance.now() + Math.min(FIRST_MS * 2 ** Math.min(this.#failures - 1, 16), LONGEST_MS);
  }

  /** Milliseconds; 0 when tasks can be claimed. */
  get leftMs(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** The newest hindrance. */
  get reason(): string {
    return this.#reason;
  }

  /** Whether the last runs failed so: then one task is claimed at a time, to show whether the machine can run tasks again. */
  get isDoubtful(): boolean {
    return this.#failures > 0;
  }
}
