/** The life of a task user, from an account to the proof that nothing of it is left. */
import type { Gone, UserId } from "../shared/protocol/messages.ts";
import type { TaskUser } from "../shared/protocol/root-types.ts";
import { createAccount, newId, record } from "./accounts.ts";
import { counts, type Helper } from "./helper.ts";
import { killProcesses } from "./reap.ts";
import { removeRecords, verifyRecords } from "./records.ts";
import { messageOf, Refusal } from "./refusal.ts";
import { runAs } from "./spawn.ts";

/** At most this many, of this time each: one that is stopped must not use up the time of the next. */
const [sweeps, sweepMs] = [3, 20_000];

/** A clean resting account, if there is one, under a new id. Throws when it is no longer the one that was made. */
async function wake(helper: Helper): Promise<TaskUser | undefined> {
  const { dscl, journal } = helper;
  const isFree = ({ state, parkId, uid }: TaskUser): boolean => state === "resting" && !parkId && journal.isCold(uid);
  const resting = [...journal.users.values()].find(isFree);
  if (!resting) return undefined;
  const user = { ...resting, id: newId<UserId>() };
  journal.move(user, "creating"); // At once: nobody else may take it.
  if ((await verifyRecords(dscl, user).catch(() => "unknown")) === "ours") return user;
  record(helper, user, "quarantined");
  throw new Error(`the resting record of ${user.name} is no longer the one that was made`);
}

/** A resting user, else a new one. Throws a Refusal when there is none to be had, an Error when a step fails. */
export async function createUser(helper: Helper): Promise<TaskUser> {
  const { audit, config, directories, journal, making } = helper;
  // Those of a connection that is being ended count too: to connect again gives nobody more. createAccount looks again.
  if (Math.max(counts(helper).live, making.size) >= config.maxUsers) throw new Refusal("no-free-user", "maxUsers live");
  const made = wake(helper).then((woken) => woken ?? createAccount(helper));
  making.add(made);
  const user = await made.finally(() => making.delete(made));
  try {
    audit.note("directories", { user: user.name, uid: user.uid });
    directories.create(user.name, user.uid);
    journal.move(user, "ready");
    return user;
  } catch (error) {
    await endUser(helper, user);
    throw error;
  }
}

/**
 * Ends a task user: kill, sweep as the user, kill again, remove, look. Never throws: what cannot be proven is
 * quarantined. A journal that cannot be written does not stop it, because killing and deleting make nothing worse.
 */
export async function endUser(helper: Helper, user: TaskUser): Promise<Gone> {
  const { audit, directories, dscl } = helper;
  const { name, uid } = user;
  const removed = { processes: 0, shared: 0 };
  const left = { processes: 1, shared: 1, home: true, account: true };
  let state: Gone["state"] = "quarantined";
  record(helper, user, "deleting");
  try {
    let { killed, left: alive } = await killProcesses(uid, helper);
    for (let round = 1; round <= sweeps && alive === 0 && left.shared > 0; round += 1) {
      removed.processes += killed;
      const swept = await sweep(helper, user);
      ({ killed, left: alive } = await killProcesses(uid, helper));
      removed.shared += Math.max(0, swept.found - swept.left);
      // It counts only when it found nothing, and nothing else of the uid ran: that could have made things behind its back.
      left.shared = killed === 0 && swept.looked ? swept.left || swept.found : Math.max(1, swept.left);
    }
    removed.processes += killed;
    left.processes = alive;
    // While something of it may run, the home stays where the next helper can have it emptied.
    if (alive === 0) {
      audit.note("remove", { user: name });
      left.home = !directories.remove(name);
    }
    // An account whose processes or files are left stays: its uid must not be given to anybody.
    const clean = left.processes === 0 && left.shared === 0 && !left.home;
    if (clean) state = await removeRecords(dscl, user);
    left.account = state !== "gone";
  } catch (error) {
    audit.note("end-failed", { user: name, error: messageOf(error) });
  }
  record(helper, user, state);
  audit.note("ended", { user: name, uid, state, left: JSON.stringify(left) });
  const found = { processes: removed.processes + left.processes, shared: removed.shared + left.shared };
  return { state, found, removed, left, auditHead: audit.head };
}

/** What of the user's was in shared places before and after; `looked` when that answer can be relied on. */
async function sweep({ audit, config, directories }: Helper, { name, uid }: TaskUser) {
  audit.note("sweep", { user: name, uid });
  const args = [name, `${uid}`, directories.homeOf(name)];
  const { stdout } = await runAs(uid, config, "sweep", args, sweepMs).catch(() => ({ stdout: "" })); // No fork: no look.
  audit.note("swept", { user: name, answer: stdout.slice(0, 100) });
  const count = (word: string, none: number) => Number(new RegExp(`^${word} (\\d+)$`, "m").exec(stdout)?.[1] ?? none);
  const found = count("found", 0);
  return { found, left: count("left", found), looked: stdout.endsWith("\nlooked\n") };
}
