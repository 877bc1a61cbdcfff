/** What the plugins of one run share. Made by task-run.ts when a claim arrives, before anything is built. */
import type { AgentConfig } from "./config.ts";
import type { Cause } from "./outcome.ts";
import type { TaskPayload } from "./payload/payload.ts";
import type { TaskQueue } from "./queue/task-queue.ts";
import type { RunId, TaskDefinition, TaskId } from "./queue/types.ts";
import type { TaskLog } from "./task-log.ts";

export interface TaskContext {
  readonly taskId: TaskId;
  readonly runId: RunId;
  readonly task: TaskDefinition;
  readonly payload: TaskPayload;
  readonly config: AgentConfig;
  readonly log: TaskLog;
  /** Calls with the task's own credentials, the newest that a reclaim brought. */
  readonly queue: TaskQueue;
  /**
   * Aborted when the work under way is for nothing: canceled, claim lost, worker shutdown. Downloads and uploads listen
   * to it. Not aborted when the task merely failed, by maxRunTime for one: what it left behind is still uploaded then.
   * Read it anew in each hook: later hooks may get a fresh one, unless the claim is lost, so that the log can be uploaded.
   */
  readonly signal: AbortSignal;
  /** Ends the run early: its commands are killed at once, the cause counts in the outcome. Any number of calls. */
  abort(cause: Cause): void;
  /** A directory of the agent's own for this run: backing log, spool files. Removed when the run is disposed. */
  readonly scratch: string;
}
