/**
 * Which task users exist and how far each has got, on disk before it happens: one JSON line for each step, written
 * through. A helper that starts reads it and ends what an earlier one could not.
 */
import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import type { UserId } from "../shared/protocol/messages.ts";
import type { TaskUser, UserState } from "../shared/protocol/root-types.ts";
import * as validators from "../shared/protocol/validators.js";

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_SYNC;
const compactAt = 1024 * 1024;

export class Journal {
  readonly users = new Map<UserId, TaskUser>();
  readonly #file: string;
  /** Given its uid last: the next search starts behind it, so that none comes back soon. */
  #last: TaskUser | undefined;
  #fd = -1;
  #size = 0;

  /** Throws when the file cannot be read or a whole line of it is not a journal's: root guesses nothing. */
  constructor(file: string, [first, last]: readonly [number, number]) {
    this.#file = file;
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []; // Half a line is none.
    for (const line of lines) {
      const user: unknown = JSON.parse(line);
      const ours = validators.taskUser(user) && user.uid >= first && user.uid <= last;
      if (!ours) throw new Error(`${file}: not a task user of ${first}-${last}: ${line}`);
      this.#apply(user);
    }
    this.#compact();
  }

  get cursor(): number {
    return this.#last?.uid ?? 0;
  }

  #apply(user: TaskUser): void {
    if (user.state === "planned") this.#last = user;
    if (user.state === "gone") this.users.delete(user.id);
    else this.users.set(user.id, user);
  }

  #append(user: TaskUser): void {
    const bytes = Buffer.from(`${JSON.stringify(user)}\n`);
    try {
      if (writeSync(this.#fd, bytes) !== bytes.length) throw new Error("short write to the journal");
    } catch (error) {
      ftruncateSync(this.#fd, this.#size); // Half a line would make the journal unreadable.
      throw error;
    }
    this.#size += bytes.length;
  }

  #compact(): void {
    const before = this.#fd;
    this.#fd = openSync(`${this.#file}.new`, flags, 0o600);
    this.#size = 0;
    if (this.#last) for (const state of ["planned", "gone"] as const) this.#append({ ...this.#last, state });
    for (const user of this.users.values()) this.#append(user);
    renameSync(`${this.#file}.new`, this.#file);
    if (before >= 0) closeSync(before);
  }

  /** Moves a user to a state, on disk first. Throws when the disk does not take it: the step must not happen then. */
  move(user: TaskUser, state: UserState): void {
    if (this.#size > compactAt) this.#compact();
    this.#append({ ...user, state });
    user.state = state;
    this.#apply(user);
  }
}
