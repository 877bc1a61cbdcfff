/**
 * A feature of a task is a plugin: one file here and one line in plugins.ts. The hooks of a task plugin, in order, each
 * called at most once (`command` once for each), never two hooks of one plugin at the same time; the plugins' hooks of one
 * stage run side by side:
 *
 *   newTaskPlugin → buildSandbox → (sandbox starts) started → command … → (commands end) commandsEnded
 *     → (user killed) stopped
 *     → (log closed) finished, or exception in place of what remains → dispose, always
 *
 * A hook may throw a TaskError; anything else it throws is resolved internal-error.
 */
import type { ResultSet, Sandbox, SandboxBuilder } from "../engine/engine.ts";
import type { LogRow } from "../log-lines.ts";
import type { ExceptionReason } from "../outcome.ts";
import type { TaskContext } from "../task-context.ts";

export interface Plugin {
  readonly name: string;
  /** Null when the task does not ask for this feature. */
  newTaskPlugin(task: TaskContext): TaskPlugin | null;
  /** The claim loop is at work, and no task is. */
  idle?(): void;
  /** The queue gave no answer, or a task ended as internal-error; the worker goes on. */
  workerFailed?(): void;
  /** The worker has ended. */
  close?(): void;
}

/** What a plugin can do to the worker itself; `why` ends a sentence in its log. Any number of calls. */
export interface WorkerControl {
  /** No more tasks are claimed; those under way are finished. */
  stopGracefully(why: string): void;
  /** They are ended, too, as worker-shutdown. A worker that then does not end in time is given up. */
  stopNow(why: string): void;
}

export interface TaskPlugin {
  /** Environment and files, before the first command. */
  buildSandbox?(builder: SandboxBuilder): Promise<void>;
  /** The sandbox exists; the first command starts when all plugins have returned. */
  started?(sandbox: Sandbox): Promise<void>;
  /** A command is about to run. What it answers is called when the command has ended, for rows of its block in the log. */
  command?(): () => readonly LogRow[];
  /** No command runs any more; what else runs as the task user is killed when all plugins have returned. */
  commandsEnded?(): Promise<void>;
  /** All commands ended and the task user has no process left. False makes the task failed. */
  stopped?(result: ResultSet, success: boolean): Promise<boolean>;
  /** The log is closed; the run is not yet reported completed or failed. */
  finished?(success: boolean): Promise<void>;
  /** The log is closed and the run is resolved exception (or lost: then nothing may be uploaded). */
  exception?(reason: ExceptionReason): Promise<void>;
  dispose?(): Promise<void>;
}
