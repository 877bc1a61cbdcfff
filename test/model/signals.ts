/** Signals that were asked for, and those that root has sent. */
import { deny, type Eyes } from "./eyes.ts";
import type { Running } from "./held.ts";

export class Signals {
  readonly #eyes: Eyes;
  readonly #delivered: string[] = [];
  /** Asked for on a connection that closed before the answer. */
  #untold = 0;

  constructor(eyes: Eyes) {
    this.#eyes = eyes;
  }

  untold(): void {
    this.#untold += 1;
  }

  answered(name: string, process: Running | undefined, delivered: boolean): void {
    const lives = process !== undefined && !process.exited && this.#eyes.isAlive(process.pid);
    if (!this.#eyes.exact) {
      if (delivered && !process) deny("a signal delivered to nobody's process");
      return;
    }
    if (!delivered) {
      // It may be the very signal that ended it.
      if (lives) deny("a signal that was not delivered to a process that lives");
      return;
    }
    const signal = `${name} ${process?.pid}`;
    this.#delivered.push(signal);
    const times = (all: readonly string[]): number => all.filter((each) => each === signal).length;
    if (times(this.#eyes.groupSignals()) < times(this.#delivered)) deny(`${signal} was not delivered`);
  }

  settled(): void {
    if (this.#eyes.groupSignals().length > this.#delivered.length + this.#untold)
      deny("a process group signalled unasked");
  }
}
