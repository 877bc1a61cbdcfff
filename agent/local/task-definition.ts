/** From a createTask request to the task as the queue keeps it: defaults, dates, and the scopes that creating it takes. */
import { ApiError } from "./errors.ts";
import type { CreateTaskRequest } from "./schemas.ts";
import type { ScopeExpression } from "./scopes.ts";
import type { LocalTask, Priority } from "./types.ts";

const skewMs = 15 * 60_000;
const dayMs = 24 * 3_600_000;
const maxDeadlineMs = 5 * dayMs;
const defaultExpiresMs = 365 * dayMs;

function refuse(message: string): never {
  throw new ApiError("InputError", message);
}

function milliseconds(name: string, date: string): number {
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? refuse(`task.${name} is not a date: '${date}'.`) : ms;
}

function taskQueue(request: CreateTaskRequest): { provisionerId: string; workerType: string; taskQueueId: string } {
  const { provisionerId, workerType, taskQueueId } = request;
  const [provisioner, type] = taskQueueId?.split("/") ?? [provisionerId, workerType];
  if (!provisioner || !type) return refuse("A task needs taskQueueId, or provisionerId and workerType.");
  if ((provisionerId ?? provisioner) !== provisioner || (workerType ?? type) !== type) {
    return refuse("task.taskQueueId is not task.provisionerId and task.workerType joined by a slash.");
  }
  return { provisionerId: provisioner, workerType: type, taskQueueId: `${provisioner}/${type}` };
}

/** Fills in every default, normalises dates. Throws ApiError (400). */
export function completeTask(taskId: string, request: CreateTaskRequest, nowMs: number): LocalTask {
  const created = milliseconds("created", request.created);
  const deadline = milliseconds("deadline", request.deadline);
  const expires =
    request.expires === undefined ? deadline + defaultExpiresMs : milliseconds("expires", request.expires);
  if (Math.abs(created - nowMs) > skewMs) refuse("task.created must be now, give or take 15 minutes.");
  if (deadline < created) refuse("task.deadline is before task.created.");
  if (deadline <= nowMs) refuse("task.deadline has passed already.");
  if (deadline > nowMs + maxDeadlineMs + skewMs) refuse("task.deadline is more than 5 days ahead.");
  if (expires < deadline) refuse("task.expires is before task.deadline.");
  const bad = request.scopes.find((scope) => scope.endsWith("**"));
  if (bad !== undefined) refuse(`The scope '${bad}' ends in more than one asterisk.`);
  return {
    ...request,
    ...taskQueue(request),
    taskGroupId: request.taskGroupId ?? taskId,
    created: new Date(created).toISOString(),
    deadline: new Date(deadline).toISOString(),
    expires: new Date(expires).toISOString(),
  };
}

/** What its creator must have: all that the task itself will have, and the right to use its queue and priority. */
export function createTaskScopes(task: LocalTask, priorities: readonly Priority[]): ScopeExpression {
  const thisOrHigher = priorities.slice(0, priorities.indexOf(task.priority) + 1);
  return {
    AllOf: [
      ...task.scopes,
      ...task.routes.map((route) => `queue:route:${route}`),
      `queue:create-task:project:${task.projectId}`,
      `queue:scheduler-id:${task.schedulerId}`,
      { AnyOf: thisOrHigher.map((priority) => `queue:create-task:${priority}:${task.taskQueueId}`) },
    ],
  };
}
