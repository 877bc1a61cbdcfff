/** `status.json`, which each helper keeps for whoever wants to read it. */
import { join } from "node:path";
import type { Machine } from "./machine.ts";

export interface HelperStatus {
  readonly pid: number;
  readonly version: string;
  readonly protocol: number;
  /** Whether an agent is connected. */
  readonly agent: boolean;
  /** Milliseconds since 1970; 0: no agent has ever said hello. */
  readonly lastHello: number;
  readonly live: number;
  readonly resting: number;
  readonly quarantined: number;
  /** dscl's exit status at the newest deletion of a record; null before the first. */
  readonly lastDeletionExit: number | null;
  /** Whether its process is there. */
  readonly runs: boolean;
}

const numbers = ["pid", "protocol", "lastHello", "live", "resting", "quarantined"] as const;

function parse(text: string): Omit<HelperStatus, "runs"> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const fields = new Map<string, unknown>(Object.entries(value ?? {}));
  const number = (name: string): number => {
    const found = fields.get(name);
    return typeof found === "number" ? found : Number.NaN;
  };
  const [version, agent, exit] = [fields.get("version"), fields.get("agent"), fields.get("lastDeletionExit") ?? null];
  if (typeof version !== "string" || typeof agent !== "boolean") return null;
  if (numbers.some((name) => Number.isNaN(number(name)))) return null;
  if (exit !== null && typeof exit !== "number") return null;
  const [pid, protocol, lastHello] = [number("pid"), number("protocol"), number("lastHello")];
  const [live, resting, quarantined] = [number("live"), number("resting"), number("quarantined")];
  return { pid, version, protocol, agent, lastHello, live, resting, quarantined, lastDeletionExit: exit };
}

/** Null when there is none that can be understood. */
export function readStatus(machine: Machine, path: string): HelperStatus | null {
  const status = parse(machine.read(path) ?? "");
  return status && { ...status, runs: machine.isProcess(status.pid) };
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
