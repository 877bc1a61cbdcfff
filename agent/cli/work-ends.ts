/** How `work` and `run` can end. docs/cli.md has this table. */
import type { AgentConfig } from "../config.ts";
import { CommandError, type ExitStatus, exitStatus, runExitStatus } from "./exit-status.ts";

export type WorkEnd =
  | "tasks-done"
  | "idle-timeout"
  | "interrupted"
  | "terminated"
  | "plugin"
  | "worker-manager"
  | "no-runner"
  | "not-registered"
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
  terminated: {
    work: 0,
    run: runExitStatus.shutdown,
    meaning: "SIGTERM, SIGHUP, or the starter is gone; worker-runner wants it, or is gone",
  },
  plugin: { work: 0, run: runExitStatus.shutdown, meaning: "a plugin wants it: `reboot`, `stoponerror`" },
  "worker-manager": { work: 0, run: runExitStatus.workerManager, meaning: "worker-manager wants the worker to end" },
  "no-runner": {
    work: exitStatus.usage,
    run: runExitStatus.noRunner,
    meaning: "`--with-worker-runner`, and no worker-runner there",
  },
  "not-registered": {
    work: exitStatus.unavailable,
    run: runExitStatus.internal,
    meaning: "worker-manager does not register the worker",
  },
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
  "no-helper": {
    work: exitStatus.unavailable,
    run: runExitStatus.internal,
    meaning: "there is no helper to talk to, or none of our protocol",
  },
  "internal-error": {
    work: exitStatus.internal,
    run: runExitStatus.internal,
    meaning: "our fault, or a task user that was not isolated",
  },
};

/** An end that has a sentence of its own for a person. */
export class EndError extends CommandError {
  readonly end: WorkEnd;
  constructor(end: WorkEnd, message: string) {
    super(workEnds[end].work, message);
    this.name = "EndError";
    this.end = end;
  }
}

/** What whoever rules the machine is asked to do when the worker has ended. */
export type MachineWish = "keep" | "shut-down";

export function machineWish(end: WorkEnd, config: AgentConfig): MachineWish {
  if (end === "worker-manager") return "shut-down";
  if (end === "idle-timeout" && config.shutdownMachineOnIdle) return "shut-down";
  if ((end === "internal-error" || end === "no-helper") && config.shutdownMachineOnInternalError) return "shut-down";
  return "keep";
}
