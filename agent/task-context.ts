/** What the plugins of one run share. Made by task-run.ts when a claim arrives, before anything is built. */
import type { AgentConfig } from "./config.ts";
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
  /** Aborted when the run must end early: canceled, claim lost, worker shutdown, maxRunTime. Uploads listen to it. */
  readonly signal: AbortSignal;
  /** A directory of the agent's own for this run: backing log, spool files. Removed when the run is disposed. */
  readonly scratch: string;
}
