/** What the worker's own settings allow a payload. */
import type { PluginSettings } from "../config/plugin-settings.ts";
import type { AgentConfig } from "../config.ts";
import { secondsOf } from "./duration.ts";
import type { TaskPayload } from "./payload.ts";

/** What a payload cannot have when the plugin is disabled. */
const propertyOf: Readonly<Partial<Record<string, string>>> = {
  artifacts: "artifacts",
  env: "env",
  interactive: "interactive",
  maxruntime: "maxRunTime",
};

/** Of a payload in taskcluster-worker's dialect, in seconds. */
export function longestRunTime({ maxTaskRunTime, plugins }: Pick<AgentConfig, "maxTaskRunTime" | "plugins">): number {
  const own = plugins.maxruntime ? secondsOf(plugins.maxruntime.maxRunTime) : 0;
  return own > 0 ? Math.min(own, maxTaskRunTime) : maxTaskRunTime;
}

/** What the settings of plugins forbid a payload in taskcluster-worker's dialect, or demand of it. */
export function disabledErrors(payload: Readonly<Record<string, unknown>>, plugins: PluginSettings): string[] {
  const { disabled = [], interactive, maxruntime } = plugins;
  const errors: string[] = [];
  for (const name of new Set(interactive?.disableShell ? [...disabled, "interactive"] : disabled)) {
    const property = propertyOf[name];
    if (property === undefined || !(property in payload)) continue;
    errors.push(
      `task.payload.${property} asks for ${property}, which this worker does not offer: plugin ${name} is off.`,
    );
  }
  const isThere = "maxRunTime" in payload;
  if (maxruntime?.perTaskLimit === "require" && !isThere) errors.push('task.payload needs the property "maxRunTime".');
  if (maxruntime?.perTaskLimit === "forbid" && isThere) {
    errors.push("task.payload.maxRunTime cannot be chosen: this worker has one for all tasks.");
  }
  return errors;
}

/** `most` is in seconds. */
export function runTimeErrors({ maxRunTimeSeconds }: TaskPayload, most: number): string[] {
  if (maxRunTimeSeconds === null || maxRunTimeSeconds <= most) return [];
  return [
    `task.payload.maxRunTime: the task's maxRunTime of ${maxRunTimeSeconds} exceeded allowed maximum of ${most} seconds.`,
  ];
}
