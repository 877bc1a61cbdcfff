/** Ends every process of a task user and proves it by looking. A task can fork, stop and hide; it cannot change its uid. */
import { setTimeout as delay } from "node:timers/promises";
import type { Audit } from "./audit.ts";
import { runTool, tools } from "./spawn.ts";

const quiet = { rounds: 3, apartMs: 50 };
/** For a user of which a listed process vanished unkilled: it may fork and exit faster than a list can follow. */
const weary = { rounds: 25, apartMs: 10 };
/** To the first quiet round, but for so many lists at least: on a busy machine each takes seconds. */
const [deadlineMs, leastLists] = [10_000, 16];

/**
 * Pids with `uid` as real, effective or saved id; zombies are dead. Numeric columns only: a process can put anything
 * into its title. Undefined when ps fails, or does not list us as root: no such list proves anybody gone.
 */
async function processesOf(uid: number): Promise<Set<number> | undefined> {
  const ps = await runTool(tools.ps, ["-axo", "pid=,uid=,ruid=,svuid=,stat="], 5_000).catch(() => undefined);
  if (ps?.exit !== 0) return undefined;
  const rows = ps.stdout.split("\n").map((line) => line.trim().split(/\s+/));
  if (!rows.some((row) => row.slice(0, 4).join() === `${process.pid},0,0,0`)) return undefined;
  const isIts = ([, effective, real, saved]: string[]): boolean => [effective, real, saved].map(Number).includes(uid);
  const alive = rows.filter((row) => isIts(row) && !row[4]?.startsWith("Z"));
  return new Set(alive.map(([pid]) => Number(pid)).filter((pid) => pid > 1));
}

function send(pid: number, signal: "SIGSTOP" | "SIGKILL" | "SIGCONT"): void {
  try {
    process.kill(pid, signal); // Root: `pid` has just been listed with a uid of the task range.
  } catch {
    // It has ended in the meantime; the next list shows.
  }
}

/**
 * Kills by uid until nothing is left in several rounds in a row. A frozen process cannot fork, and keeps its place: all
 * are stopped until a list has nobody new, or four had, because who is killed makes room for what a bomb forks next.
 */
export async function killProcesses(uid: number, audit: Audit): Promise<{ killed: number; left: number }> {
  audit.note("kill", { uid });
  // KeepAlive jobs of launchd come back else. Without an answer the rounds show whether any did.
  if (tools.launchctl) await runTool(tools.launchctl, ["bootout", `user/${uid}`], 5_000).catch(() => undefined);
  const [killed, until] = [new Set<number>(), performance.now() + deadlineMs];
  let [left, empty, owed, freezes, needed, stopped] = [0, 0, leastLists, 0, quiet, new Set<number>()];
  while (empty < needed.rounds && (empty > 0 || owed > 0 || performance.now() < until)) {
    const seen = await processesOf(uid);
    owed = seen ? owed - 1 : 0;
    left = seen?.size ?? 1;
    empty = left === 0 ? empty + 1 : 0;
    if (!seen?.size && empty < needed.rounds) await delay(needed.apartMs);
    if (!seen) continue;
    const vanished = stopped.difference(seen).difference(killed);
    if (vanished.size > 0) needed = weary;
    for (const pid of vanished) send(pid, "SIGCONT"); // It may have changed hands before it was stopped.
    for (const pid of seen) send(pid, "SIGSTOP");
    const caught = seen.intersection(stopped);
    stopped = seen;
    if (caught.size < seen.size && ++freezes % 4 > 0) continue;
    for (const pid of caught) send(pid, "SIGKILL");
    for (const pid of caught) killed.add(pid);
  }
  if (empty < needed.rounds) left = Math.max(left, 1); // Time ran out before it was quiet.
  audit.note("killed", { uid, killed: killed.size, left });
  return { killed: killed.size, left };
}
