/** The agent's ends: what `--help` says of each, generic-worker's own numbers, and the error that has one. */
import { exitStatus } from "../../shared/exit-status.ts";

export { exitStatus };

/** generic-worker's numbers, which start-worker and its wrapper scripts know: what `run` ends with. */
export const runExitStatus = {
  tasksDone: 0,
  configNotLoadable: 64,
  idleTimeout: 68,
  internal: 69,
  workerManager: 70,
  interrupted: 71,
  shutdown: 72,
  invalidConfig: 73,
  noRunner: 78,
} as const;

export type ExitStatus =
  | (typeof exitStatus)[keyof typeof exitStatus]
  | (typeof runExitStatus)[keyof typeof runExitStatus];

const meanings: Record<keyof typeof exitStatus, string> = {
  completed: "done; run-task and submit --wait: every task completed",
  failed:
    "a task failed; audit verify: the log is not as it was written; status: the worker claims nothing; doctor: a check failed",
  exception: "a task ended in an exception; of several tasks the worst counts",
  usage: "wrong usage, or a file that cannot be read or holds no valid task",
  unavailable: "the queue, the helper, the worker or its own Node is not there",
  internal: "our fault, or a task user that was not isolated or could not be proven gone",
  busy: "no slice of user ids is free; try again later",
  notRoot: "this needs root (or must not be root); the message has the line to run",
  misconfigured: "a setting is missing or wrong",
  interrupted: "interrupted (Ctrl-C); the tasks were cancelled and their users deleted first",
};

/** The table as lines of help text. */
export function exitStatusLines(): string[] {
  return Object.entries(exitStatus).map(([name, status]) => {
    const meaning = Object.entries(meanings).find(([key]) => key === name)?.[1] ?? "";
    return `  ${String(status).padStart(3)}  ${meaning}`;
  });
}

/** A command's end that is no success: `message` is one sentence for a person, `status` what the process ends with. */
export class CommandError extends Error {
  readonly status: ExitStatus;
  constructor(status: ExitStatus, message: string) {
    super(message);
    this.name = "CommandError";
    this.status = status;
  }
}

const byBadness: readonly ExitStatus[] = [
  exitStatus.completed,
  exitStatus.failed,
  exitStatus.exception,
  exitStatus.interrupted,
  exitStatus.internal,
];

/** Of several ends the one that matters: ours above an interruption, exception above failed above completed. */
export function worst(statuses: readonly ExitStatus[]): ExitStatus {
  return statuses.reduce<ExitStatus>(
    (worstYet, status) => (byBadness.indexOf(status) > byBadness.indexOf(worstYet) ? status : worstYet),
    exitStatus.completed,
  );
}
