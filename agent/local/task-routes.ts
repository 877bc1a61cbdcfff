/** Calls about whole tasks: create, look at, schedule, cancel, run again. */
import type { ApiMethod, Call } from "./api.ts";
import { ApiError } from "./errors.ts";
import { priorities } from "./pending.ts";
import { validateCreateTask } from "./schemas.ts";
import type { ScopeExpression } from "./scopes.ts";
import type { QueueState } from "./state.ts";
import { completeTask, createTaskScopes } from "./task-definition.ts";
import { statusOf, type TaskRecord } from "./task-record.ts";

/** The record of the task in the URL. Throws ApiError (404). */
export function recordOf(state: QueueState, call: Call): TaskRecord {
  const record = state.record(call.param("taskId"));
  if (!record) throw new ApiError("ResourceNotFound", `There is no task ${call.param("taskId")}.`);
  return record;
}

function adminScopes(verb: "schedule" | "cancel" | "rerun", { taskId, task }: TaskRecord): ScopeExpression {
  const { schedulerId, taskGroupId, projectId } = task;
  return {
    AnyOf: [
      `queue:${verb}-task:${schedulerId}/${taskGroupId}/${taskId}`,
      `queue:${verb}-task-in-project:${projectId}`,
      { AllOf: [`queue:${verb}-task`, `assume:scheduler-id:${schedulerId}/${taskGroupId}`] },
    ],
  };
}

export function taskMethods(state: QueueState, now: () => number): ApiMethod[] {
  const groups = new Map<string, string>();

  function checkDependencies(taskId: string, dependencies: readonly string[], deadline: string): void {
    for (const id of dependencies) {
      if (id === taskId) continue;
      const dependency = state.record(id);
      if (!dependency) throw new ApiError("InputError", `The task depends on ${id}, which does not exist.`);
      if (dependency.task.expires < deadline) {
        throw new ApiError("InputError", `The task depends on ${id}, which expires before the deadline of the task.`);
      }
    }
  }

  async function administer(verb: "schedule" | "cancel" | "rerun", call: Call): Promise<TaskRecord> {
    const record = recordOf(state, call);
    await call.authorize(adminScopes(verb, record));
    if (state.deadlinePassed(record)) {
      throw new ApiError("RequestConflict", `The deadline of task ${record.taskId} has passed.`);
    }
    return record;
  }

  return [
    {
      name: "ping",
      http: "GET",
      route: "/ping",
      handle: () => ({ body: { alive: true, uptime: Math.floor(process.uptime()) } }),
    },
    {
      name: "task",
      http: "GET",
      route: "/task/<taskId>",
      scopes: (param) => `queue:get-task:${param("taskId")}`,
      handle: (call) => ({ body: recordOf(state, call).task }),
    },
    {
      name: "status",
      http: "GET",
      route: "/task/<taskId>/status",
      scopes: (param) => `queue:status:${param("taskId")}`,
      handle: (call) => ({ body: { status: statusOf(recordOf(state, call)) } }),
    },
    {
      name: "createTask",
      http: "PUT",
      route: "/task/<taskId>",
      handle: async (call) => {
        const taskId = call.param("taskId");
        const task = completeTask(taskId, call.input(validateCreateTask), now());
        await call.authorize(createTaskScopes(task, priorities));
        const schedulerId = groups.get(task.taskGroupId) ?? task.schedulerId;
        if (schedulerId !== task.schedulerId) {
          throw new ApiError(
            "RequestConflict",
            `Tasks of group ${task.taskGroupId} have the schedulerId ${schedulerId}.`,
          );
        }
        checkDependencies(taskId, task.dependencies, task.deadline);
        const record = state.create(taskId, task);
        if (!record) throw new ApiError("RequestConflict", `There is another task with the id ${taskId}.`);
        groups.set(task.taskGroupId, schedulerId);
        return { body: { status: statusOf(record) } };
      },
    },
    {
      name: "scheduleTask",
      http: "POST",
      route: "/task/<taskId>/schedule",
      handle: async (call) => {
        const record = await administer("schedule", call);
        state.schedule(record);
        return { body: { status: statusOf(record) } };
      },
    },
    {
      name: "cancelTask",
      http: "POST",
      route: "/task/<taskId>/cancel",
      handle: async (call) => {
        const record = await administer("cancel", call);
        state.cancel(record);
        return { body: { status: statusOf(record) } };
      },
    },
    {
      name: "rerunTask",
      http: "POST",
      route: "/task/<taskId>/rerun",
      handle: async (call) => {
        const record = await administer("rerun", call);
        if (!state.rerun(record)) {
          throw new ApiError("RequestConflict", `Task ${record.taskId} has had as many runs as a task may have.`);
        }
        return { body: { status: statusOf(record) } };
      },
    },
  ];
}
