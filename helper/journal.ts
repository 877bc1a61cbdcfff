/** Which task users exist and how far each has got: one JSON line for each step, on disk before the step is taken. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { TaskUser, UserState } from "../shared/protocol/root-types.ts";
import * as validators from "../shared/protocol/validators.js";
import { Refusal } from "./refusal.ts";

const compactAt = 1024 * 1024;
/** O_APPEND and O_SYNC: the call returns when the disk has it. */
const through = { flag: "as", mode: 0o600 };

export class Journal {
  /** By uid: a uid has one account at most. */
  readonly users = new Map<number, TaskUser>();
  /** Given its uid last: the next search starts behind it, so that none comes back soon. */
  newest: TaskUser | undefined;
  readonly #file: string;
  /** Unknown at first, so the first step begins with a new file; a disk that is full now does not keep us from starting. */
  #size = Number.POSITIVE_INFINITY;
  /** By uid: who lived when its last user ended, and may keep files of that uid, a set-uid program say, out of sight. */
  readonly #beside = new Map<number, readonly TaskUser[]>();

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
  }

  #apply(user: TaskUser): void {
    if (user.state === "planned") this.newest = user;
    if (user.state === "gone") this.users.delete(user.uid);
    else this.users.set(user.uid, user);
  }

  /** Puts a file of what is still true in the place of the old one, which stays when the disk is full. */
  #compact(): void {
    const newest = this.newest && { ...this.newest, state: "planned" };
    const last = newest ? [newest, this.users.get(newest.uid) ?? { ...newest, state: "gone" }] : [];
    const text = [...this.users.values(), ...last].map((user) => `${JSON.stringify(user)}\n`).join("");
    writeFileSync(`${this.#file}.new`, "");
    writeFileSync(`${this.#file}.new`, text, through);
    renameSync(`${this.#file}.new`, this.#file);
    this.#size = text.length;
  }

  /** Whether all who lived beside the uid's last user have ended, or been quarantined: else one could block the range. */
  isCold(uid: number): boolean {
    return !this.#beside.get(uid)?.some(({ state }) => !/^(gone|resting|quarantined)$/.test(state));
  }

  /** Moves a user to a state, on disk first. Throws a Refusal when the disk does not take it: no step without it. */
  move(user: TaskUser, state: UserState): void {
    const line = `${JSON.stringify({ ...user, state })}\n`;
    if (state === "gone" || state === "resting") this.#beside.set(user.uid, [...this.users.values()]);
    try {
      if (this.#size > compactAt) this.#compact();
      writeFileSync(this.#file, line, through);
    } catch {
      this.#size = Number.POSITIVE_INFINITY; // Half a line may be there: the next step begins with a new file.
      throw new Refusal("journal-unwritable", "the journal cannot be written");
    }
    this.#size += line.length;
    user.state = state;
    this.#apply(user);
  }
}
