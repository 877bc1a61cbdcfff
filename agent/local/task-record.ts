/** A task with its runs, and what others get to see of it. */
import type { LocalTask, RunStatus, TaskState, TaskStatus } from "./types.ts";

export interface TaskRecord {
  readonly taskId: string;
  readonly task: LocalTask;
  readonly deadlineMs: number;
  retriesLeft: number;
  readonly runs: RunStatus[];
}

/** State of the last run, `unscheduled` when there is none. */
export function taskState(record: TaskRecord): TaskState {
  return record.runs.at(-1)?.state ?? "unscheduled";
}

/** The status as the queue shows it: a copy that later changes do not reach. */
export function statusOf(record: TaskRecord): TaskStatus {
  const { taskId, task, retriesLeft, runs } = record;
  const { provisionerId, workerType, taskQueueId, schedulerId, projectId, taskGroupId, priority } = task;
  return {
    taskId,
    provisionerId,
    workerType,
    taskQueueId,
    schedulerId,
    projectId,
    taskGroupId,
    priority,
    deadline: task.deadline,
    expires: task.expires,
    retriesLeft,
    state: taskState(record),
    runs: runs.map((run) => ({ ...run })),
  };
}
