/** What has gone wrong with one run so far. */
import { causeOf } from "./cause.ts";
import type { Logger } from "./logger.ts";
import { type Cause, decide, type Outcome, TaskError } from "./outcome.ts";

export class Causes {
  readonly #all: Cause[] = [];
  readonly #logger: Logger;
  readonly #added: () => void;
  #begun = false;
  #hindrance: string | null = null;

  /** `added` is called with each of them. */
  constructor(logger: Logger, added: () => void) {
    this.#logger = logger;
    this.#added = added;
  }

  add(cause: Cause): void {
    this.#all.push(cause);
    this.#added();
  }

  /** From whatever was thrown, and where. */
  addError(error: unknown, where: string): Cause {
    const cause = causeOf(error, where, this.#logger);
    this.add(cause);
    const byMachine = cause.kind === "internal-error" || cause.kind === "worker-shutdown";
    const byAuthor = error instanceof TaskError ? !byMachine : cause.kind === "malformed-payload";
    if (!this.#begun && !byAuthor) this.#hindrance ??= cause.message;
    return cause;
  }

  /** The first command is about to run: the machine can run tasks. */
  begin(): void {
    this.#begun = true;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Why this machine could not begin with the task; null when it could, or the task itself is the reason. */
  get hindrance(): string | null {
    return this.#hindrance;
  }

  /** Whether anything happened that makes further steps pointless. */
  get any(): boolean {
    return this.#all.length > 0;
  }

  get outcome(): Outcome {
    return decide(this.#all);
  }
}
