/** What plugins can do to the worker, and the end of a worker that does not end. */
import type { WorkerControl } from "../plugins/plugin.ts";
import type { Worker, WorkerEnd } from "../worker.ts";
import { CommandError, exitStatus } from "./exit-status.ts";

/** Runs that are ended are over after a minute for each step; then nothing more is to be expected. */
const END_MS = 330_000;

export class PluginControl implements WorkerControl {
  readonly #endMs: number;
  readonly #late = Promise.withResolvers<null>();
  #worker: Worker | null = null;
  #timer: NodeJS.Timeout | null = null;
  #why: string | null = null;

  constructor(endMs = END_MS) {
    this.#endMs = endMs;
  }

  stopGracefully(why: string): void {
    this.#worker?.stopGracefully({ kind: "plugin", message: why });
  }

  stopNow(why: string): void {
    this.#why ??= why;
    this.#timer ??= setTimeout(() => this.#late.resolve(null), this.#endMs);
    this.#worker?.stopNow({ kind: "plugin", message: why });
  }

  /** Throws CommandError `internal` when a plugin had to end the worker, after a while even if it does not end. */
  async run(worker: Worker): Promise<WorkerEnd> {
    this.#worker = worker;
    const end = await Promise.race([worker.run(), this.#late.promise]);
    if (this.#timer) clearTimeout(this.#timer);
    if (end !== null && this.#why === null) return end;
    throw new CommandError(exitStatus.internal, `the worker was ended: ${this.#why}`);
  }
}
