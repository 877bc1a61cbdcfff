/** Every feature of a task. The order means nothing: the hooks of one stage run side by side. */
import type { LiveLogs } from "../http/live-logs.ts";
import { artifactsPlugin } from "./artifacts.ts";
import { envPlugin } from "./env.ts";
import { liveLogPlugin } from "./livelog.ts";
import { maxRunTimePlugin } from "./maxruntime.ts";
import type { Plugin } from "./plugin.ts";
import { successPlugin } from "./success.ts";
import { taskLogPlugin } from "./tasklog.ts";
import { userSetupPlugin } from "./usersetup.ts";

/** What plugins share across tasks. */
export interface PluginServices {
  /** Null when the agent's HTTP server could not start. */
  readonly liveLogs: LiveLogs | null;
}

/** One list for the whole life of the worker. */
export function newPlugins({ liveLogs }: PluginServices): readonly Plugin[] {
  return [
    envPlugin,
    userSetupPlugin,
    maxRunTimePlugin,
    successPlugin,
    artifactsPlugin(),
    liveLogPlugin(liveLogs),
    taskLogPlugin(),
  ];
}
