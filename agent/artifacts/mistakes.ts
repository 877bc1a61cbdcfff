/** What the author of a payload did wrong with single artifacts: no reason to lose the others, so it is said at the end. */
import { TaskError } from "../outcome.ts";
import type { TaskLog } from "../task-log.ts";

/** A task can have very many files with wrong names; nobody reads more lines than this. */
const mostSaid = 20;
const shownCharacters = 200;

export class Mistakes {
  readonly #log: TaskLog;
  #first: TaskError | null = null;
  #count = 0;

  constructor(log: TaskLog) {
    this.#log = log;
  }

  /** The first is kept for the last line of the log, the next ones are said at once, the rest is counted. */
  add(error: TaskError): void {
    this.#count += 1;
    if (!this.#first) this.#first = error;
    else if (this.#count <= mostSaid) this.#log.error(error.message);
  }

  /** Throws the first mistake, if there was one. */
  end(): void {
    if (this.#count > mostSaid) this.#log.error(`… and ${this.#count - mostSaid} more artifacts like these`);
    if (this.#first) throw this.#first;
  }
}

/** An artifact name that the queue would refuse. */
export function badName(name: string): TaskError {
  const shown = name.length > shownCharacters ? `${name.slice(0, shownCharacters)}…` : name;
  return new TaskError(
    "malformed-payload",
    `The artifact name ${JSON.stringify(shown)} is longer than 1024 characters, has characters outside printable ASCII, ` +
      'or has a segment "." or "..", so no queue can serve it. ' +
      "Rename the file, or give it another name in task.payload.artifacts.",
  );
}
