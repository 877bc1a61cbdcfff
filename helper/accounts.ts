/** Accounts of task users: names, uids and ids that nobody can foresee or share. */
import { randomBytes } from "node:crypto";
import type { UserId } from "../shared/protocol/messages.ts";
import type { TaskUser } from "../shared/protocol/root-types.ts";
import { counts, type Helper } from "./helper.ts";
import { makeRecords, removeRecords, takenIds } from "./records.ts";
import { Refusal } from "./refusal.ts";

/** 128 random bits in hex: all that the agent ever holds of a user, process or ticket. */
export function newId<T extends string>(): T {
  return randomBytes(16).toString("hex") as T; // checked: ids are made here, and nowhere else
}

/** 40 random bits in base32, 5 from each byte: nobody can prepare for the next name. */
function newName(): string {
  return `tcw-${Array.from(randomBytes(8), (byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte & 31]).join("")}`;
}

/** Picks a uid and makes the account, each step journalled first. Throws a Refusal when no uid is free. */
export function createAccount({ config, directories, dscl, journal }: Helper): Promise<TaskUser> {
  const [first, last] = config.uidRange;
  return dscl.alone(async () => {
    if (counts({ journal }).live >= config.maxUsers) throw new Refusal("no-free-user", "maxUsers are live");
    const taken = new Set([...(await takenIds(dscl)), ...journal.users.keys()]);
    const size = last - first + 1;
    const before = journal.newest?.uid ?? last;
    for (let step = 1; step <= size; step += 1) {
      const uid = first + ((before - first + step) % size);
      if (taken.has(uid)) continue;
      const name = newName();
      const user: TaskUser = { id: newId<UserId>(), name, uid, guid: "", groupGuid: "", state: "planned" };
      journal.move(user, "planned");
      journal.move(user, "creating");
      const home = directories.homeOf(name);
      const made = await makeRecords(dscl, user, home, "Taskcluster task").catch((error: unknown) => error);
      journal.move(user, "creating"); // With the GeneratedUIDs: from here on a deletion compares.
      if (made === true) return user;
      const end = await removeRecords(dscl, user).catch(() => "quarantined");
      journal.move(user, end === "gone" ? "gone" : "quarantined");
      if (made !== false) throw made; // False: somebody took the uid meanwhile, so the next one.
    }
    throw new Refusal("no-free-user", `no uid of ${first}-${last} is free`);
  });
}
