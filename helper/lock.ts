/**
 * One process at a time. Node has no file locks, so a lock is a file in a root-only directory that names its holder by
 * pid and start time, with a random token, written beside and put in place by link(2), which fails when the name exists.
 */
import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { runTool } from "./spawn.ts";
import { tools } from "./tools.ts";

/** Pid and start time: together they name one process for ever. Ends in a space when there is none, or a dead one. */
export async function processKey(pid: number): Promise<string> {
  const { stdout } = await runTool(tools.ps, ["-o", "stat=", "-o", "lstart=", "-p", `${pid}`], 5_000);
  const [, state = "Z", start = ""] = /^(\S+)\s+(.*)/.exec(stdout.trim()) ?? [];
  return `${pid} ${state.startsWith("Z") ? "" : start}`;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined; // Another process was faster; the next look shows how.
  }
}

/** Takes the lock and returns what gives it back; or the pid of the process that holds it. */
export async function takeLock(file: string): Promise<(() => void) | string> {
  const token = randomBytes(16).toString("hex");
  const beside = `${file}.${token}`;
  writeFileSync(beside, `${await processKey(process.pid)}\n${token}\n`, { mode: 0o600 });
  try {
    for (;;) {
      if (attempt(() => linkSync(beside, file) ?? true)) return () => unlinkSync(file);
      const judged = attempt(() => readFileSync(file, "utf8"));
      const holder = judged?.split("\n")[0] ?? "";
      const pid = holder.split(" ")[0] ?? "";
      if (!holder.endsWith(" ") && holder === (await processKey(Number(pid)))) return pid;
      // Stale. Several may see that: only the one that renames the very file it judged goes on.
      const aside = `${beside}.stale`;
      if (judged === undefined || attempt(() => renameSync(file, aside) ?? true) === undefined) continue;
      if (readFileSync(aside, "utf8") !== judged) attempt(() => linkSync(aside, file)); // A new holder's: put it back.
      unlinkSync(aside);
    }
  } finally {
    unlinkSync(beside);
  }
}
