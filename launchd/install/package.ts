/** What an installer package has left beside the versions: its release, and macOS's note that it was installed. */
import { readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { layoutOf, packageId } from "../layout.ts";
import { manifestName } from "../release/manifest.ts";
import { verifyRelease } from "../release/verify.ts";
import { isThere } from "./atomically.ts";
import type { Context } from "./context.ts";
import type { Machine } from "./machine.ts";
import { whyNotRemoved } from "./unlocking.ts";

const layout = layoutOf();

/** Null when it is whole. */
function problemOf(path: string): string | null {
  if (!isThere(join(path, manifestName))) return `it has no ${manifestName}`;
  try {
    return verifyRelease(path)[0] ?? null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const hasFiles = (machine: Machine): boolean =>
  [layout.package, `${layout.package}.old`].some((path) => isThere(machine.at(path)));

/** How it ended: 0 or not, and null where a signal or the time limit ended it, or nothing could be started. */
async function pkgutil(machine: Machine, option: string): Promise<{ exit: number | null; end: string }> {
  try {
    const { exit, stderr } = await machine.run("pkgutil", option, packageId);
    return {
      exit,
      end: exit === null ? "pkgutil was killed, or took too long" : `pkgutil ended with ${exit}: ${stderr.trim()}`,
    };
  } catch (error) {
    return { exit: null, end: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether macOS lists it as installed. */
async function noteOf(machine: Machine): Promise<"listed" | "not listed" | "unknown"> {
  const { exit } = await pkgutil(machine, "--pkg-info");
  if (exit === null) return "unknown";
  return exit === 0 ? "listed" : "not listed";
}

/** Whether there is one, or what an uninstallation that was cut off may have left of it: files, or macOS's note. */
export async function hasPackage(machine: Machine): Promise<boolean> {
  return hasFiles(machine) || (await noteOf(machine)) !== "not listed";
}

/** What its removal is, for a plan. */
export const packageRemoval = {
  kind: "package",
  path: layout.package,
  why: `what an installer package has put there, and macOS's note of it (pkgutil --forget ${packageId})`,
} as const;

/** macOS's installer makes the directory too, where a package comes before the first installation: then no step has made it. */
function removeEmptyBase(machine: Machine): void {
  const base = machine.at(layout.base);
  if (isThere(base) && readdirSync(base).length === 0) rmdirSync(base);
}

/** A sentence when `remove` cannot. */
function removed(remove: () => void): string[] {
  try {
    remove();
    return [];
  } catch (error) {
    return [`what a package has put there cannot be removed: ${whyNotRemoved(error, "uninstall")}`];
  }
}

/** One sentence for each thing that is left; null when no package has been installed. */
export async function removePackage({ machine, say }: Context): Promise<string[] | null> {
  const path = machine.at(layout.package);
  const removing = `${path}.old`;
  // Root: below directories of root alone; what is in it was compared with its manifest.
  const removeFiles = (): void => rmSync(removing, { recursive: true, force: true });
  const note = hasFiles(machine) ? null : await noteOf(machine);
  if (note === "not listed") {
    const left = removed(() => removeEmptyBase(machine));
    return left.length > 0 ? left : null;
  }
  if (note === "listed") say("macOS still lists the package, whose files are gone: asking it again to forget it");
  if (isThere(path)) {
    const problem = problemOf(path);
    if (problem !== null) {
      return [`${layout.package} is not what a package of ours has put there (${problem}): look at it, and remove it`];
    }
    const left = removed(() => {
      removeFiles();
      // In one step out of the way, so that an uninstallation that is cut off here goes on where it was.
      renameSync(path, removing);
    });
    if (left.length > 0) return left;
  }
  const { exit, end } = await pkgutil(machine, "--forget");
  const left = [...removed(removeFiles), ...removed(() => removeEmptyBase(machine))];
  const after = exit === 0 ? "not listed" : await noteOf(machine);
  if (after === "not listed") return left;
  const what = after === "listed" ? "macOS still lists the package" : "macOS may still list the package";
  return [...left, `${what} (${end}): run uninstall again, or sudo pkgutil --forget ${packageId}`];
}
