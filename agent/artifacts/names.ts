/** Which names an artifact may have, and which of them the worker keeps for itself. */
import type { TaskContext } from "../task-context.ts";

/** The queue takes printable ASCII only, and no more than this. */
export const artifactNamePattern = "^[\\x20-\\x7e]{1,1024}$";

const pattern = new RegExp(artifactNamePattern);

/** Segments "." and ".." are none: whoever asks for such an address gets another one. */
export function isArtifactName(name: string): boolean {
  return pattern.test(name) && !name.split("/").some((segment) => segment === "." || segment === "..");
}

/** Taskcluster-worker's log for workers without live logs. */
export const taskLogName = "public/logs/task.log";

/** Whether this run's log can be read while it runs. */
export function hasLiveLog({ payload, config }: TaskContext): boolean {
  const isOff = payload.dialect === "taskcluster-worker" && config.plugins.disabled?.includes("livelog");
  return payload.features.liveLog && config.enableLiveLog && !isOff;
}

/** Whether its whole log is uploaded under the name that `logs.backing` gives. */
export function hasBackingLog(task: TaskContext): boolean {
  const { dialect, features } = task.payload;
  return features.backingLog && (dialect === "generic-worker" || hasLiveLog(task));
}

/** Whether it has `public/logs/task.log`: in place of the two, or beside them where the worker's settings ask for it. */
export function hasTaskLog(task: TaskContext): boolean {
  const { payload, config } = task;
  const { disabled, tasklog } = config.plugins;
  if (payload.dialect === "generic-worker" || disabled?.includes("tasklog")) return false;
  return tasklog !== undefined || !hasLiveLog(task);
}

/** Name → the feature that uploads it after the task's own artifacts. */
export function reservedNames(task: TaskContext): ReadonlyMap<string, string> {
  const { logs } = task.payload;
  const reserved = new Map<string, string>();
  if (hasTaskLog(task)) reserved.set(taskLogName, "Task Log");
  if (hasBackingLog(task)) reserved.set(logs.backing, "Backing Log");
  if (hasLiveLog(task)) reserved.set(logs.live, "Live Log");
  return reserved;
}
