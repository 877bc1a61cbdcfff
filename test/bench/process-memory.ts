/** How much memory a process has. */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** In MB of 1,000,000 bytes. On a Mac only `resident` is known. */
export interface Memory {
  /** Pages in memory, those of the program file with them, which all processes of one Node share. */
  readonly resident: number;
  /** Its own: heap and stacks. */
  readonly anonymous: number;
  /** Its own, and its share of what it shares with others. */
  readonly proportional: number;
}

const linux = process.platform === "linux";
const POLL_MS = 50;

function field(text: string, name: string): number {
  return (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) * 1024) / 1e6;
}

export function memoryOf(pid: number): Memory {
  if (!linux) {
    const { stdout } = spawnSync("/bin/ps", ["-o", "rss=", "-p", `${pid}`], { encoding: "utf8" });
    return { resident: (Number(stdout) * 1024) / 1e6, anonymous: Number.NaN, proportional: Number.NaN };
  }
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const proportional = field(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"), "Pss");
  return { resident: field(status, "VmRSS"), anonymous: field(status, "RssAnon"), proportional };
}

/** Watches from here on; the answer ends that and tells the most that was resident, in MB. */
export function watchPeak(pid: number): () => number {
  let peak = memoryOf(pid).resident;
  if (linux) writeFileSync(`/proc/${pid}/clear_refs`, "5"); // The kernel notes the peak anew: no sample misses it.
  const timer = setInterval(
    () => {
      peak = Math.max(peak, memoryOf(pid).resident);
    },
    linux ? 1_000 : POLL_MS,
  );
  return () => {
    clearInterval(timer);
    const kernel = linux ? field(readFileSync(`/proc/${pid}/status`, "utf8"), "VmHWM") : 0;
    return Math.max(peak, kernel, memoryOf(pid).resident);
  };
}

/** The median of a second of samples: what the process has when nothing happens. */
export async function idleMemory(pid: number): Promise<Memory> {
  const samples: Memory[] = [];
  for (let n = 0; n < 1_000 / POLL_MS; n += 1) {
    samples.push(memoryOf(pid));
    await delay(POLL_MS);
  }
  const middle = [...samples].sort((a, b) => a.resident - b.resident)[Math.floor(samples.length / 2)];
  if (!middle) throw new Error("no sample of memory was taken");
  return middle;
}
