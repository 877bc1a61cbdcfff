/** Removes copies of checkouts that nothing runs from any more. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { runTool, tools } from "./spawn.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** Those that no command line names, and that no starter has asked for in a day. A task can name one and keep it, no more. */
export async function removeStale(staged: string): Promise<void> {
  const { exit, stdout } = await runTool(tools.ps, ["-axwwo", "args="], 5_000);
  if (exit !== 0) return; // No answer, which is not "none".
  for (const copy of readdirSync(staged).map((name) => join(staged, name))) {
    const isOld = Date.now() - statSync(copy).mtimeMs > dayMs;
    if (isOld && !stdout.includes(copy)) rmSync(copy, { recursive: true });
  }
}
