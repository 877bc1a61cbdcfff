/** The reports of the workers of one account, and whether each still holds. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isProcess } from "../../shared/process-alive.ts";
import { parseReport, type Report, reportFile, staleMs } from "./report.ts";

export interface FoundReport {
  readonly report: Report;
  /**
   * `lives`: it is up to date. `stale`: its process is there, but has not written for long. `ended`: the worker said so.
   * `killed`: its process is gone without a word.
   */
  readonly state: "lives" | "stale" | "ended" | "killed";
  readonly ageMs: number;
}

export function judge(report: Report, now: number, isAlive: (pid: number) => boolean = isProcess): FoundReport {
  const ageMs = Math.max(0, now - Date.parse(report.updated));
  if (report.end) return { report, state: "ended", ageMs };
  if (!isAlive(report.pid)) return { report, state: "killed", ageMs };
  return { report, state: ageMs > staleMs ? "stale" : "lives", ageMs };
}

/** `directory` holds the state directories of all instances. Those that live come first, of equals the newest. */
export async function findReports(directory: string): Promise<FoundReport[]> {
  const names = await readdir(directory).catch(() => []);
  const texts = names.map((name) => readFile(join(directory, name, reportFile), "utf8").catch(() => ""));
  const reports = (await Promise.all(texts)).map(parseReport).filter((report) => report !== null);
  const found = reports.map((report) => judge(report, Date.now()));
  const rank = ({ state }: FoundReport) => (state === "lives" ? 0 : 1);
  return found.sort((one, other) => rank(one) - rank(other) || one.ageMs - other.ageMs);
}
