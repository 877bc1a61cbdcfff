/** Accounts of task users: names and uids that nobody can foresee or share, one sequence of dscl calls at a time. */
import { randomBytes } from "node:crypto";
import type { UserId } from "../shared/protocol/messages.ts";
import type { TaskUser } from "../shared/protocol/root-types.ts";
import type { Config } from "./config.ts";
import type { Dscl } from "./dscl.ts";
import type { Journal } from "./journal.ts";
import { makeRecords, removeRecords, takenIds, verifyRecords } from "./records.ts";

/** 40 random bits in base32, 5 from each byte: nobody can prepare for the next name. */
function newName(): string {
  return `tcw-${Array.from(randomBytes(8), (byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte & 31]).join("")}`;
}

export class Accounts {
  readonly #dscl: Dscl;
  readonly #config: Config;
  readonly #journal: Journal;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(dscl: Dscl, config: Config, journal: Journal) {
    this.#dscl = dscl;
    this.#config = config;
    this.#journal = journal;
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  /** Picks a uid and makes the account, each step journalled first. Undefined when no uid is free. */
  create(home: (name: string) => string): Promise<TaskUser | undefined> {
    return this.#alone(async () => {
      const [first, last] = this.#config.uidRange;
      const taken = await takenIds(this.#dscl);
      for (const { uid } of this.#journal.users.values()) taken.add(uid);
      const size = last - first + 1;
      for (let step = 1; step <= size; step += 1) {
        const uid = first + ((Math.max(this.#journal.cursor - first, -1) + step) % size);
        if (taken.has(uid)) continue;
        const id = randomBytes(16).toString("hex") as UserId; // checked: made here, and nowhere else
        const user: TaskUser = { id, name: newName(), uid, guid: "", groupGuid: "", state: "planned" };
        this.#journal.move(user, "planned");
        this.#journal.move(user, "creating");
        const made = await makeRecords(this.#dscl, user, home(user.name), "Taskcluster task").catch(
          (error: unknown) => error,
        );
        this.#journal.move(user, "creating"); // With the GeneratedUIDs: from here on a deletion compares.
        if (made === true) return user;
        const end = await removeRecords(this.#dscl, user).catch(() => "failed");
        this.#journal.move(user, end === "gone" ? "gone" : "quarantined");
        if (made !== false) throw made; // False: somebody took the uid meanwhile, so the next one.
      }
      return undefined;
    });
  }

  verify(user: TaskUser): Promise<"ours" | "gone" | "foreign"> {
    return this.#alone(() => verifyRecords(this.#dscl, user));
  }

  remove(user: TaskUser): Promise<"gone" | "forbidden" | "failed"> {
    return this.#alone(() => removeRecords(this.#dscl, user));
  }
}
