/**
 * Directories whose names say which process made them, so that what a killed test left behind can be told from what is in
 * use: the next run removes what has no living process.
 */
import { lstatSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { logRoot, placesOf, stateRoot } from "../helper/places.ts";
import { isProcess } from "../shared/process-alive.ts";

/** Processes have these numbers here, and others for whoever shares the directories from another namespace. */
const namespace = process.platform === "linux" ? (/\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0") : "0";

/** Where homes are, and what the helper's sweep looks through. */
export const swept = ["/home", "/tmp", "/var/tmp", "/dev/shm"] as const;

/** The beginning of a path, which ends with the maker. */
const beginnings: readonly string[] = [
  ...[stateRoot, `${stateRoot}/private`, logRoot, placesOf("bare").runParent].map((place) => `${place}/bare-`),
  ...["/home", "/Users"].map((place) => `${place}/.taskcluster-worker-bare-`),
  ...swept.flatMap((place) => [`${place}/bystander-`, `${place}/tcw-model-`]),
];

/** `name` and this process, for a name that `sweepLeftovers` knows to begin so. */
export function made(name: string): string {
  return `${name}${namespace}-${process.pid}`;
}

function isDead(rest: string): boolean {
  const [, space, pid] = /^(\d+)-(\d+)(?:-|$)/.exec(rest) ?? [];
  return space === namespace && !isProcess(Number(pid));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Not every machine has each of them.
  }
}

/** Removes what processes that are dead have left; nothing that is not a directory, nor of another maker. */
export function sweepLeftovers(paths = beginnings): void {
  for (const path of paths) {
    const [folder, begin] = [dirname(path), basename(path)];
    for (const name of namesIn(folder)) {
      if (!name.startsWith(begin) || !isDead(name.slice(begin.length))) continue;
      const left = `${folder}/${name}`;
      if (lstatSync(left, { throwIfNoEntry: false })?.isDirectory()) rmSync(left, { recursive: true, force: true });
    }
  }
}
