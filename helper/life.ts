/** The life of a task user, from an account to the proof that nothing of it is left. */
import type { Gone, UserId } from "../shared/protocol/messages.ts";
import type { TaskUser } from "../shared/protocol/root-types.ts";
import { createAccount, newId } from "./accounts.ts";
import { counts, type Helper } from "./helper.ts";
import { killProcesses } from "./reap.ts";
import { removeRecords, verifyRecords } from "./records.ts";
import { messageOf, Refusal } from "./refusal.ts";
import { runSweep } from "./spawn.ts";

const sweepMs = 60_000;

/** A clean resting account, if there is one, under a new id. Throws when it is no longer the one that was made. */
async function wake({ dscl, journal }: Helper): Promise<TaskUser | undefined> {
  const resting = [...journal.users.values()].find(({ state, parkId }) => state === "resting" && !parkId);
  if (!resting) return undefined;
  const user = { ...resting, id: newId<UserId>() };
  journal.move(user, "creating"); // At once: nobody else may take it.
  if ((await dscl.alone(() => verifyRecords(dscl, user)).catch(() => "unknown")) === "ours") return user;
  journal.move(user, "quarantined");
  throw new Error(`the resting record of ${user.name} is no longer the one that was made`);
}

/** A resting user, else a new one. Throws a Refusal when there is none to be had, an Error when a step fails. */
export async function createUser(helper: Helper): Promise<TaskUser> {
  const { audit, config, directories, journal } = helper;
  // Those of a connection that is being ended count too: to connect again gives nobody more. createAccount looks again.
  if (counts(helper).live >= config.maxUsers) throw new Refusal("no-free-user", "maxUsers are live");
  const user = (await wake(helper)) ?? (await createAccount(helper));
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
  const found = { processes: 0, shared: 0 };
  const left = { processes: 1, shared: 1, home: true, account: true };
  let state: Gone["state"] = "quarantined";
  record(helper, user, "deleting");
  try {
    const before = await killProcesses(uid, audit);
    found.processes = before.killed;
    left.processes = before.left;
    const until = performance.now() + sweepMs;
    // Again until one finds nothing: what cron or at started beside a sweep may have stopped it, or written behind it.
    for (let tries = 3; tries > 0 && left.processes === 0 && left.shared > 0; tries -= 1) {
      const swept = await sweep(helper, user, until - performance.now());
      found.shared ||= swept.found;
      left.shared = swept.left || swept.found;
      left.processes = (await killProcesses(uid, audit)).left;
    }
    audit.note("remove", { user: name });
    left.home = !directories.remove(name);
    // An account whose processes or files are left stays: its uid must not be given to anybody.
    const clean = left.processes === 0 && left.shared === 0 && !left.home;
    if (clean) state = await dscl.alone(() => removeRecords(dscl, user));
    left.account = state !== "gone";
  } catch (error) {
    audit.note("end-failed", { user: name, error: messageOf(error) });
  }
  record(helper, user, state);
  audit.note("ended", { user: name, uid, state, left: JSON.stringify(left) });
  const gone = (what: "processes" | "shared"): number => Math.max(0, found[what] - left[what]);
  const removed = { processes: gone("processes"), shared: gone("shared") };
  return { state, found, removed, left, auditHead: audit.head };
}

/** Entries of shared places that the user owned before and after. Without an answer everything counts as left. */
async function sweep(helper: Helper, { name, uid }: TaskUser, ms: number): Promise<{ found: number; left: number }> {
  const { audit, config, directories } = helper;
  audit.note("sweep", { user: name, uid });
  const { stdout } = await runSweep(uid, config, [name, `${uid}`, directories.homeOf(name)], ms);
  const count = (word: string): number => Number(new RegExp(`^${word} (\\d+)$`, "m").exec(stdout)?.[1] ?? 1);
  return { found: count("found"), left: count("left") };
}

function record({ audit, journal }: Helper, user: TaskUser, state: TaskUser["state"]): void {
  try {
    journal.move(user, state);
  } catch {
    user.state = state; // In memory alone, until the disk takes the next step.
    if (state === "gone") journal.users.delete(user.uid);
    audit.note("journal-unwritable", { user: user.name, state });
  }
}
