/** How `work` and `run` can end. docs/cli.md has this table. */
import type { AgentConfig } from "../config.ts";
import { type ExitStatus, exitStatus, runExitStatus } from "./exit-status.ts";

export type WorkEnd =
  | "tasks-done"
  | "idle-timeout"
  | "interrupted"
  | "terminated"
  | "config-not-loadable"
  | "config-invalid"
  | "no-helper"
  | "internal-error";

interface Row {
  readonly work: ExitStatus;
  readonly run: ExitStatus;
  /** For the documentation. */
  readonly meaning: string;
}

export const workEnds: Readonly<Record<WorkEnd, Row>> = {
  "tasks-done": { work: 0, run: runExitStatus.tasksDone, meaning: "`numberOfTasksToRun` tasks are resolved" },
  "idle-timeout": { work: 0, run: runExitStatus.idleTimeout, meaning: "`idleTimeoutSecs` without a task" },
  interrupted: { work: exitStatus.interrupted, run: runExitStatus.interrupted, meaning: "SIGINT" },
  terminated: { work: 0, run: runExitStatus.shutdown, meaning: "SIGTERM, SIGHUP, or the starter is gone" },
  "config-not-loadable": {
    work: exitStatus.misconfigured,
    run: runExitStatus.configNotLoadable,
    meaning: "the settings are no YAML, or one is unknown or of the wrong kind",
  },
  "config-invalid": {
    work: exitStatus.misconfigured,
    run: runExitStatus.invalidConfig,
    meaning: "a setting is missing, or has a value that cannot be",
  },
  "no-helper": { work: exitStatus.unavailable, run: runExitStatus.internal, meaning: "there is no helper to talk to" },
  "internal-error": {
    work: exitStatus.internal,
    run: runExitStatus.internal,
    meaning: "our fault, or a task user that was not isolated",
  },
};

/** What whoever rules the machine is asked to do when the worker has ended. */
export type MachineWish = "keep" | "shut-down";

export function machineWish(end: WorkEnd, config: AgentConfig): MachineWish {
  if (end === "idle-timeout" && config.shutdownMachineOnIdle) return "shut-down";
  if ((end === "internal-error" || end === "no-helper") && config.shutdownMachineOnInternalError) return "shut-down";
  return "keep";
}
