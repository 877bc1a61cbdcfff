/** System jobs of launchd that a probe makes for itself, as an installation makes its own. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { build, type PlistValue } from "plist";
import type { Ground } from "./ground.ts";
import { isRan, type Ran } from "./run-program.ts";

export interface Job {
  readonly label: string;
  /** `system/LABEL`, as launchctl takes it. */
  readonly target: string;
  readonly plist: string;
  readonly folder: string;
}

/** Writes the plist of a job that runs `argv`, root-owned 0644, and bootstraps nothing yet. */
export function writeJob(
  ground: Ground,
  argv: readonly string[],
  more: Readonly<Record<string, PlistValue>> = {},
): Job {
  const [label, folder] = [ground.label(), ground.folder()];
  const plist = join(folder, `${label}.plist`);
  writeFileSync(plist, build({ Label: label, ProgramArguments: [...argv], RunAtLoad: true, ...more }), { mode: 0o644 });
  return { label, target: `system/${label}`, plist, folder };
}

/** Throws when the condition has not come true in time. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, ms = 30_000): Promise<void> {
  for (const end = performance.now() + ms; !(await holds()); await delay(100)) {
    if (performance.now() > end) throw new Error(`waited ${ms / 1000} s in vain until ${what}`);
  }
}

export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

/**
 * Runs a program as the child of a system job whose main program is our own Node, as the helper's is: macOS judges a call
 * by the program that launchd started. Resolves to how it ended.
 */
export async function asDaemon(ground: Ground, file: string, argv: readonly string[]): Promise<Ran> {
  const answer = join(ground.folder(), "answer.json");
  const main = join(import.meta.dirname, "daemon.ts");
  const { plist, target } = writeJob(ground, [process.execPath, main, answer, file, ...argv]);
  const { exit, stderr } = await ground.launchctl("bootstrap", "system", plist);
  if (exit !== 0) throw new Error(`launchctl bootstrap ended with ${exit}: ${stderr.trim()}`);
  await until(() => existsSync(answer), "a job of launchd has answered");
  await ground.launchctl("bootout", target);
  const ran: unknown = JSON.parse(readFileSync(answer, "utf8"));
  if (!isRan(ran)) throw new Error(`a job of launchd answered ${JSON.stringify(ran)}`);
  return ran;
}
