/** A machine whose memory the test decides, and which tells how often it was asked. */
import assert from "node:assert/strict";
import type { Memory, MemorySource } from "../../agent/memory/machine.ts";

export class ScriptedMachine implements MemorySource {
  memory: Memory | null = { totalBytes: 1000, availableBytes: 40 };
  users: ReadonlyMap<number, number> | null = new Map();
  asked = 0;
  readonly #waiting: { readonly at: number; readonly resolve: () => void }[] = [];

  async machine(): Promise<Memory | null> {
    this.asked += 1;
    for (const { at, resolve } of this.#waiting) if (this.asked >= at) resolve();
    return this.memory;
  }

  async byUid(): Promise<ReadonlyMap<number, number> | null> {
    return this.users;
  }

  /** Until it was asked so often again. */
  async askedAgain(times: number): Promise<void> {
    const alive = setTimeout(() => assert.fail("the machine is not asked any more"), 20_000);
    await new Promise<void>((resolve) => this.#waiting.push({ at: this.asked + times, resolve }));
    clearTimeout(alive);
  }
}
