/**
 * One process at a time. Node has no file locks, so a lock is a file in a root-only directory that names its holder by
 * pid and start time, with a random token, written beside and put in place by link(2), which fails when the name exists.
 */
import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { runTool, tools } from "./spawn.ts";

/** Pid and start time: together they name one process for ever. Ends in a space when there is none, or a dead one. */
export async function processKey(pid: number): Promise<string> {
  const { exit, stdout } = await runTool(tools.ps, ["-o", "stat=", "-o", "lstart=", "-p", `${pid}`], 5_000);
  if (exit !== 0 && exit !== 1) throw new Error(`ps ended with ${exit}`); // No answer, which is not "none".
  const [, state = "Z", start = ""] = /^(\S+)\s+(.*)/.exec(stdout.trim()) ?? [];
  return `${pid} ${state.startsWith("Z") ? "" : start}`;
}

/** Undefined when another process was faster: the file is there already, or not any more. */
function attempt<T>(work: () => T): { done: T } | undefined {
  try {
    return { done: work() };
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "EEXIST" || error.code === "ENOENT")) return;
    throw error;
  }
}

/** Takes the lock and returns what gives it back; or the pid of the process that holds it. */
export async function takeLock(file: string): Promise<(() => void) | string> {
  const token = randomBytes(16).toString("hex");
  const [beside, aside] = [`${file}.${token}`, `${file}.${token}.stale`];
  writeFileSync(beside, `${await processKey(process.pid)}\n${token}\n`, { mode: 0o600 });
  try {
    while (!attempt(() => linkSync(beside, file))) {
      const judged = attempt(() => readFileSync(file, "utf8"))?.done;
      if (judged === undefined) continue;
      const [, holder = "", pid = ""] = /^((\d+) .+)\n/.exec(judged) ?? [];
      if (holder !== "" && holder === (await processKey(Number(pid)))) return pid;
      // Stale. Several may see that: only the one that renames the very file it judged goes on.
      if (!attempt(() => renameSync(file, aside))) continue;
      if (readFileSync(aside, "utf8") !== judged) attempt(() => linkSync(aside, file)); // A new holder's: put it back.
      unlinkSync(aside);
    }
    return () => unlinkSync(file);
  } finally {
    unlinkSync(beside);
  }
}
