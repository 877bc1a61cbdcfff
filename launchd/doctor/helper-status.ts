/** `status.json`, which each helper keeps for whoever wants to read it. */
import { join } from "node:path";
import { type HelperReport, parseHelperReport } from "../../shared/helper-report.ts";
import type { Machine } from "./machine.ts";

export interface HelperStatus extends HelperReport {
  /** Whether its process is there. */
  readonly runs: boolean;
}

/** Null when there is none that can be understood. */
export function readStatus(machine: Machine, path: string): HelperStatus | null {
  const report = parseHelperReport(machine.read(path) ?? "");
  return report && { ...report, runs: machine.isProcess(report.pid) };
}

/** The installation's, and those of run-task and --with-helper: root's state has other folders beside theirs. */
const instances = /^(default|slice-\d+)$/;

/** Those of all instances that have ever run on this machine, by their names. */
export function allStatuses(machine: Machine, stateRoot: string): ReadonlyMap<string, HelperStatus> {
  const found = new Map<string, HelperStatus>();
  for (const instance of (machine.list(stateRoot) ?? []).filter((name) => instances.test(name))) {
    const status = readStatus(machine, join(stateRoot, instance, "status.json"));
    if (status) found.set(instance, status);
  }
  return found;
}
