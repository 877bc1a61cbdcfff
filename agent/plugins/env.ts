/** The environment of the commands. Nothing of the agent's own environment is in it, and none of its credentials. */
import type { TaskContext } from "../task-context.ts";
import type { Plugin } from "./plugin.ts";

/** What a payload may change. `TMPDIR` keeps temporary files where they end with the task. */
function defaults(user: { name: string; home: string }): Record<string, string> {
  return {
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    SHELL: "/bin/bash",
    PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    TMPDIR: `${user.home}/tmp`,
  };
}

/** What a payload may not change. */
function forced(task: TaskContext, home: string): Record<string, string> {
  const { workerLocation, instanceType } = task.config;
  return {
    TASK_ID: task.taskId,
    RUN_ID: String(task.runId),
    TASK_GROUP_ID: task.task.taskGroupId,
    TASK_WORKDIR: home,
    TASKCLUSTER_ROOT_URL: task.queue.rootUrl,
    ...(workerLocation && { TASKCLUSTER_WORKER_LOCATION: workerLocation }),
    ...(instanceType && { TASKCLUSTER_INSTANCE_TYPE: instanceType }),
  };
}

/** Of a program of the machine's owner that runs as the task user: nothing in it is the payload's. */
export function ownersEnvironment(task: TaskContext, user: { name: string; home: string }): Record<string, string> {
  return { ...defaults(user), ...forced(task, user.home) };
}

export const envPlugin: Plugin = {
  name: "env",
  newTaskPlugin: (task) => ({
    buildSandbox: async (builder) => {
      const { user } = builder;
      const { extra } = task.config.plugins.env ?? {};
      const env = { ...defaults(user), ...extra, ...task.payload.env, ...forced(task, user.home) };
      for (const [name, value] of Object.entries(env)) builder.setEnvironmentVariable(name, value);
    },
  }),
};
