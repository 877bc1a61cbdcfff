/** The commands of a task, one after the other, with the lines around them that generic-worker writes. */
import type { CommandResult, Sandbox } from "./engine/engine.ts";
import { executing, exitBlock, type LogRow } from "./log-lines.ts";
import { TaskError } from "./outcome.ts";
import type { TaskPayload } from "./payload/payload.ts";
import type { TaskLog } from "./task-log.ts";

/**
 * Stops at the first command that fails and throws a TaskError that says how; stops quietly when `ending` says that the
 * run has another cause to end. `around` is called before each command, and its answer after it, for rows of the command's
 * block. Throws EngineError too.
 */
export async function runCommands(
  commands: TaskPayload["commands"],
  payload: TaskPayload,
  sandbox: Pick<Sandbox, "run">,
  log: TaskLog,
  ending: () => boolean,
  around: () => () => readonly LogRow[],
): Promise<void> {
  for (const [n, argv] of commands.entries()) {
    if (ending()) return;
    log.info(executing(n, argv));
    const measured = around();
    const result = await sandbox.run(argv, log.output);
    const rows = measured();
    const isStarted = !wasNotStarted(result);
    if (isStarted) log.info(exitBlock(result, rows));
    // A cause that came while the command was still looked at is the first, and the only one.
    if (ending()) return;
    if (!isStarted) throw notStarted(argv, payload, log);
    if (result.code !== 0) throw failure(result, payload);
  }
}

function wasNotStarted({ code, signal, aborted }: CommandResult): boolean {
  return code === null && signal === null && !aborted;
}

function notStarted(argv: readonly string[], { dialect }: TaskPayload, log: TaskLog): TaskError {
  const what = `${argv[0]} is not in the PATH of the task, or cannot be executed, or its first line names an interpreter that is not there`;
  if (dialect === "taskcluster-worker") {
    return new TaskError("malformed-payload", `task.payload.command could not be started: ${what}.`);
  }
  log.error(`System error executing command: ${what}`);
  return new TaskError("command-failed", `The command could not be started: ${what}.`);
}

function failure({ code, signal, aborted }: CommandResult, { onExitStatus }: TaskPayload): TaskError {
  if (aborted) return new TaskError("internal-error", "The command was killed by the worker, and nothing says why.");
  if (code !== null && onExitStatus.retry.includes(code)) {
    return new TaskError(
      "retry-exit-status",
      `task appears to have failed intermittently - exit code ${code} found in task payload.onExitStatus list`,
    );
  }
  return new TaskError("command-failed", signal === null ? `exit status ${code}` : `signal: ${signal}`);
}
