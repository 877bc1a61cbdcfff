/** Ends every process of a task user and proves it by looking. A task can fork, stop and hide; it cannot change its uid. */
import { setTimeout as delay } from "node:timers/promises";
import type { Helper } from "./helper.ts";
import { runAs, runTool, seats, tools } from "./spawn.ts";

const quiet = { rounds: 3, apartMs: 50 };
/** For a user of which a listed process vanished unkilled: it may fork and exit faster than a list can follow. */
const weary = { rounds: 25, apartMs: 10 };
/** To the first quiet round, and for all of them: they only look, which takes long on a busy machine. */
const [deadlineMs, lookingMs] = [10_000, 40_000];

/**
 * Pids with `uid` as real, effective or saved id; zombies are dead, unless threads go on (l). Numeric columns only: a
 * process chooses its title. Undefined when ps fails, or does not list us as root: no such list proves anybody gone.
 */
async function processesOf(uid: number): Promise<Set<number> | undefined> {
  const ps = await runTool(tools.ps, ["-axo", "pid=,uid=,ruid=,svuid=,stat="], 5_000).catch(() => undefined);
  if (ps?.exit !== 0) return undefined;
  const rows = ps.stdout.split("\n").map((line) => line.trim().split(/\s+/));
  if (!rows.some((row) => row.slice(0, 4).join() === `${process.pid},0,0,0`)) return undefined;
  const isIts = ([, effective, real, saved]: string[]): boolean => [effective, real, saved].map(Number).includes(uid);
  const alive = rows.filter((row) => isIts(row) && !/^Z[^l]*$/.test(row[4] ?? ""));
  return new Set(alive.map(([pid]) => Number(pid)).filter((pid) => pid > 1));
}

function send(pid: number, signal: "SIGSTOP" | "SIGKILL" | "SIGCONT"): void {
  try {
    process.kill(pid, signal); // Root: just listed with a uid of the task range, or a group of our own child.
  } catch {
    // It has ended in the meantime; the next list shows.
  }
}

/**
 * Kills by uid until several lists in a row have nobody. A frozen process cannot fork, so all are stopped first; a pid
 * that changed hands is let go. The user's own kill must have begun too, for who is on no list. Resolves to those met, and left.
 */
export async function killProcesses(uid: number, { audit, config }: Pick<Helper, "audit" | "config">) {
  audit.note("kill", { uid });
  const seated = seats.get(uid) ?? new Set(); // On no list as long as it is root, and the user later.
  for (const it of seated) if (it.pid && (it.exitCode ?? it.signalCode) === null) send(-it.pid, "SIGKILL");
  // KeepAlive jobs of launchd come back else. Without an answer the rounds show whether any did.
  if (config.launchctl) await runTool(config.launchctl, ["bootout", `user/${uid}`], 5_000).catch(() => undefined);
  const [met, until] = [new Set<number>(), performance.now() + deadlineMs];
  let [left, needed, empty, dying, ran] = [0, quiet, 0, new Set<number>(), false];
  while (empty < needed.rounds && performance.now() < until + (empty > 0 ? lookingMs : 0)) {
    const seen = await processesOf(uid);
    left = (seen?.size ?? 1) + seated.size;
    empty = left === 0 && ran ? empty + 1 : 0;
    if (!seen || empty > 0) {
      if (empty < needed.rounds) await delay(needed.apartMs);
      continue;
    }
    for (const pid of seen) send(pid, "SIGSTOP");
    const still = (await processesOf(uid)) ?? new Set<number>();
    for (const pid of seen) if (!still.has(pid)) send(pid, "SIGCONT");
    if (!seen.difference(dying).isSubsetOf(still)) needed = weary;
    for (const pid of still) send(pid, "SIGKILL");
    ran = !!(await runAs(uid, config, "kill", [`${uid}`], 2_000).catch(() => undefined))?.stdout;
    for (const pid of seen.union(still)) met.add(pid);
    dying = still; // These may be on the next list, and vanish then: they have been killed.
  }
  if (empty < needed.rounds) left = Math.max(left, 1); // Time ran out before it was quiet.
  if (left === 0) seats.delete(uid);
  audit.note("killed", { uid, killed: met.size, left });
  return { killed: met.size, left };
}
