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

/** Whether this run has `public/logs/task.log` in place of a live and a backing log. */
export function hasTaskLog({ payload, config }: TaskContext): boolean {
  return payload.dialect === "taskcluster-worker" && !config.enableLiveLog;
}

/** Name → the feature that uploads it after the task's own artifacts. */
export function reservedNames(task: TaskContext): ReadonlyMap<string, string> {
  const { payload, config } = task;
  if (hasTaskLog(task)) return new Map([[taskLogName, "Task Log"]]);
  const reserved = new Map([[payload.logs.backing, "Backing Log"]]);
  if (payload.features.liveLog && config.enableLiveLog) reserved.set(payload.logs.live, "Live Log");
  return reserved;
}
