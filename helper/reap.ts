/** Ends every process of a task user and proves it by looking. A task can fork, stop and hide; it cannot change its uid. */
import { setTimeout as delay } from "node:timers/promises";
import type { Audit } from "./audit.ts";
import { runTool } from "./spawn.ts";
import { tools } from "./tools.ts";

const quietRounds = 3;
const roundMs = 50;
const deadlineMs = 10_000;

/**
 * Pids with `uid` as real, effective or saved id; zombies are dead. Numeric columns only: a process can put anything
 * into its title. Throws when ps fails: nobody is proven gone by a list that could not be made.
 */
async function processesOf(uid: number): Promise<Set<number>> {
  const ps = await runTool(tools.ps, ["-axo", "pid=,uid=,ruid=,svuid=,stat="], 5_000);
  if (ps.exit !== 0) throw new Error(`ps ended with ${ps.exit}`);
  const pids = new Set<number>();
  for (const line of ps.stdout.split("\n")) {
    const [pid, ...rest] = line.trim().split(/\s+/);
    const ids = rest.slice(0, 3).map(Number);
    if (ids.includes(uid) && !rest[3]?.startsWith("Z") && Number(pid) > 1) pids.add(Number(pid));
  }
  return pids;
}

function send(pid: number, signal: "SIGSTOP" | "SIGKILL" | "SIGCONT"): void {
  try {
    process.kill(pid, signal); // Root: `pid` has just been listed with a uid of the task range.
  } catch {
    // It has ended in the meantime; the next list shows.
  }
}

/**
 * Kills by uid until nothing is left in three rounds in a row. A frozen process cannot fork, so all are stopped first;
 * a pid that changed hands between two lists is let go again. Resolves to the number of processes killed and left.
 */
export async function killUser(uid: number, audit: Audit): Promise<{ killed: number; left: number }> {
  audit.note("kill", { uid });
  if (tools.launchctl) await runTool(tools.launchctl, ["bootout", `user/${uid}`], 5_000); // KeepAlive jobs come back else.
  const killed = new Set<number>();
  const until = performance.now() + deadlineMs;
  let left = 0;
  for (let quiet = 0; quiet < quietRounds; ) {
    const seen = await processesOf(uid).catch(() => undefined);
    left = seen?.size ?? 1;
    quiet = left === 0 ? quiet + 1 : 0;
    if (performance.now() > until) break;
    if (seen && left > 0) {
      for (const pid of seen) send(pid, "SIGSTOP");
      const still = await processesOf(uid).catch(() => undefined);
      for (const pid of seen) send(pid, still && !still.has(pid) ? "SIGCONT" : still ? "SIGKILL" : "SIGCONT");
      for (const pid of still ?? []) {
        if (seen.has(pid)) killed.add(pid);
        else send(pid, "SIGKILL");
      }
    } else if (quiet < quietRounds) await delay(roundMs);
  }
  audit.note("killed", { uid, killed: killed.size, left });
  return { killed: killed.size, left };
}
