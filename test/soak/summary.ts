/** What a soak has seen, for people. */
import type { SoakResult } from "./soak.ts";

function counted(names: readonly string[]): string[] {
  const groups = Object.entries(Object.groupBy(names, (name) => name));
  return groups
    .map(([name, all]) => [name, all?.length ?? 0] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `  ${`${count}`.padStart(6)}  ${name}`);
}

function memory({ slopes, before, after, between }: SoakResult): string[] {
  const resident = slopes.map(
    ({ process, tasks, firstMegabytes, lastMegabytes, kilobytesPer1000Tasks, give }) =>
      `  ${process}, ${tasks} tasks: ${firstMegabytes} MB to ${lastMegabytes} MB resident, ` +
      `slope ${kilobytesPer1000Tasks} ± ${give} kB per 1,000 tasks`,
  );
  const heaps = (["agent", "helper"] as const).map((program) => {
    const [first, last] = [before.heapKilobytes[program], after.heapKilobytes[program]];
    const slope = Math.round(((last - first) / between) * 1000);
    return `  ${program}, ${between} tasks: heap ${first} kB to ${last} kB when idle, without compiled code, ${slope} kB per 1,000 tasks`;
  });
  return [...resident, ...heaps];
}

function idle({ before, after }: SoakResult): string[] {
  const names = [...new Set([...Object.keys(before.counts), ...Object.keys(after.counts)])].sort();
  const rows = names.map((name) => [name, `${before.counts[name] ?? 0}`, `${after.counts[name] ?? 0}`] as const);
  return [["", "before", "after"] as const, ...rows].map(
    ([name, first, last]) => `  ${name.padEnd(34)}${first.padStart(7)}${last.padStart(7)}`,
  );
}

/** A table for each thing that was looked at. */
export function summary(result: SoakResult): string {
  const statuses = result.statuses.map((status) => (status === null ? "a signal" : `exit status ${status}`));
  return [
    ...["tasks", ...counted(result.kinds)],
    ...["ends of runs", ...counted(result.runs)],
    ...["faults", ...counted(result.faults)],
    ...["ends of workers", ...counted(statuses)],
    ...["memory", ...memory(result)],
    ...["open when idle", ...idle(result)],
  ].join("\n");
}

/** The last lines. */
export function verdict({ wrong }: SoakResult, of: { tasks: number; seed: number; seconds: number }): string {
  const what = wrong.length === 0 ? "all as it must be" : `${wrong.length} things wrong`;
  return [...wrong, `${of.tasks} tasks, seed ${of.seed}, ${of.seconds} s: ${what}`].join("\n");
}
