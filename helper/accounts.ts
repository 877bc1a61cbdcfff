/** Accounts of task users: names, uids and ids that nobody can foresee or share. */
import { randomBytes } from "node:crypto";
import type { UserId } from "../shared/protocol/messages.ts";
import type { TaskUser } from "../shared/protocol/root-types.ts";
import { counts, type Helper } from "./helper.ts";
import { makeRecords, removeRecords, takenIds } from "./records.ts";
import { Refusal } from "./refusal.ts";

/** A step that is taken even when the disk does not take it: it is in memory alone then, until the next one. */
export function record({ audit, journal }: Helper, user: TaskUser, state: TaskUser["state"]): void {
  try {
    journal.move(user, state);
  } catch {
    user.state = state;
    if (state === "gone") journal.users.delete(user.uid);
    audit.note("journal-unwritable", { user: user.name, state });
  }
}

/** 128 random bits in hex: all that the agent ever holds of a user, process or ticket. */
export function newId<T extends string>(): T {
  return randomBytes(16).toString("hex") as T; // checked: ids are made here, and nowhere else
}

/** 40 random bits in base32, 5 from each byte: nobody can prepare for the next name. */
function newName(): string {
  return `tcw-${Array.from(randomBytes(8), (byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte & 31]).join("")}`;
}

/** Picks a uid and makes the account, each step journalled first. Throws a Refusal when no uid is free. */
export async function createAccount(helper: Helper): Promise<TaskUser> {
  const { config, directories, dscl, journal } = helper;
  const [first, last] = config.uidRange;
  const size = last - first + 1;
  for (let attempt = 1; attempt <= size; attempt += 1) {
    const taken = await takenIds(dscl);
    // No await from here to the journal: of several creations at once, each sees there what the others have taken.
    if (counts(helper).live >= config.maxUsers) throw new Refusal("no-free-user", "maxUsers live");
    const start = (journal.newest?.uid ?? last) - first + 1;
    const inTurn = Array.from({ length: size }, (_, step) => first + ((start + step) % size));
    const uid = inTurn.find((each) => !taken.has(each) && !journal.users.has(each) && journal.isCold(each));
    if (uid === undefined) break;
    const name = newName();
    const user: TaskUser = { id: newId<UserId>(), name, uid, guid: "", groupGuid: "", state: "planned" };
    journal.move(user, "planned");
    // Twice: before, and with the GeneratedUIDs; from then on a deletion compares.
    const note = (): void => journal.move(user, "creating");
    const make = (): Promise<boolean> => makeRecords(dscl, user, directories.homeOf(name), "Taskcluster task");
    const steps = Promise.try(note).then(make).finally(note);
    const made = await steps.catch((error: unknown) => error);
    if (made === true) return user;
    const end = await removeRecords(dscl, user).catch(() => "quarantined");
    record(helper, user, end === "gone" ? "gone" : "quarantined");
    if (made !== false) throw made; // False: somebody took the uid meanwhile, so the next one.
  }
  throw new Refusal("no-free-user", `no uid of ${first}-${last} is free`);
}
