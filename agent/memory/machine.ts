/** How much memory the machine has, and how much of it each account uses. Nothing here needs rights. */
import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { toolOutput } from "../subprocess.ts";

export interface Memory {
  readonly totalBytes: number;
  /** What programs could get without anything being swapped out, as generic-worker counts it. */
  readonly availableBytes: number;
}

export interface MemorySource {
  /** Null when the machine does not say. */
  machine(): Promise<Memory | null>;
  /** Resident bytes of all processes by uid; what processes share counts for each. Null when they cannot be listed. */
  byUid(): Promise<ReadonlyMap<number, number> | null>;
}

/** Of what `vm_stat` prints: free, speculative and inactive pages. Null when that is not what it printed. */
export function availableOfVmStat(text: string): number | null {
  const pageBytes = Number(/page size of (\d+) bytes/.exec(text)?.[1]);
  const [free, inactive, speculative] = ["free", "inactive", "speculative"].map((name) =>
    Number(new RegExp(`^Pages ${name}: +(\\d+)\\.?$`, "m").exec(text)?.[1]),
  );
  const bytes = ((free ?? Number.NaN) + (inactive ?? Number.NaN) + (speculative ?? 0)) * pageBytes;
  return Number.isFinite(bytes) ? bytes : null;
}

/** Of Linux' /proc/meminfo. */
export function availableOfMeminfo(text: string): number | null {
  const kibibytes = /^MemAvailable: +(\d+) kB$/m.exec(text)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

/** Of `ps -axo uid=,rss=`: bytes by uid. */
export function bytesByUid(text: string): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const [, uid, kibibytes] of text.matchAll(/^ *(\d+) +(\d+) *$/gm)) {
    sums.set(Number(uid), (sums.get(Number(uid)) ?? 0) + Number(kibibytes) * 1024);
  }
  return sums;
}

async function available(): Promise<number | null> {
  if (process.platform !== "darwin") return availableOfMeminfo(await readFile("/proc/meminfo", "utf8"));
  const text = await toolOutput("/usr/bin/vm_stat", []);
  return text === null ? null : availableOfVmStat(text);
}

export const thisMachine: MemorySource = {
  machine: async () => {
    const availableBytes = await available();
    return availableBytes === null ? null : { totalBytes: totalmem(), availableBytes };
  },
  byUid: async () => {
    const text = await toolOutput("/bin/ps", ["-axo", "uid=,rss="]);
    return text === null ? null : bytesByUid(text);
  },
};
