/**
 * How many tasks are resolved, for `numberOfTasksToRun`. As generic-worker does, an installed worker counts across restarts,
 * in a file of the same name and form; whoever wants it to begin anew removes the file.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "./logger.ts";
import { errorCode, messageOf } from "./thrown.ts";

export const countFile = "tasks-resolved-count.txt";

export class TaskCount {
  readonly #file: string | null;
  readonly #logger: Logger;
  #resolved: number;

  /** `directory` holds the file; null counts this process alone. A file that cannot be read counts as none, and is told. */
  constructor(directory: string | null, logger: Logger) {
    this.#file = directory === null ? null : join(directory, countFile);
    this.#logger = logger;
    this.#resolved = this.#file === null ? 0 : this.#read(this.#file);
  }

  get resolved(): number {
    return this.#resolved;
  }

  /** One more. Written at once: a crash right after it must not forget it. */
  add(): void {
    this.#resolved += 1;
    if (this.#file === null) return;
    try {
      writeFileSync(`${this.#file}.new`, String(this.#resolved), { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#logger.error(`${this.#file} cannot be written, so a restart will forget this task: ${messageOf(error)}`);
    }
  }

  #read(file: string): number {
    try {
      const text = readFileSync(file, "utf8").trim();
      if (/^\d{1,15}$/.test(text)) return Number(text);
      this.#logger.warn(`${file} holds no number and counts as 0: remove it.`);
    } catch (error) {
      if (errorCode(error) !== "ENOENT")
        this.#logger.warn(`${file} cannot be read and counts as 0: ${messageOf(error)}`);
    }
    return 0;
  }
}
