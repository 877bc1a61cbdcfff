/** Every feature of a task. The order means nothing: the hooks of one stage run side by side. */
import type { PluginSettings } from "../config/plugin-settings.ts";
import type { LiveLogs } from "../http/live-logs.ts";
import { artifactsPlugin } from "./artifacts.ts";
import { envPlugin } from "./env.ts";
import { liveLogPlugin } from "./livelog.ts";
import { logPrefixPlugin } from "./logprefix.ts";
import { maxRunTimePlugin } from "./maxruntime.ts";
import type { Plugin, WorkerControl } from "./plugin.ts";
import { rebootPlugin } from "./reboot.ts";
import { stopOnErrorPlugin } from "./stoponerror.ts";
import { successPlugin } from "./success.ts";
import { taskLogPlugin } from "./tasklog.ts";
import { userSetupPlugin } from "./usersetup.ts";
import { watchdogPlugin } from "./watchdog.ts";

/** What plugins share across tasks. */
export interface PluginServices {
  /** Null when the agent's HTTP server could not start. */
  readonly liveLogs: LiveLogs | null;
  readonly settings: PluginSettings;
  readonly worker: WorkerControl;
}

/** One list for the whole life of the worker. */
export function newPlugins({ liveLogs, settings, worker }: PluginServices): readonly Plugin[] {
  return [
    artifactsPlugin(),
    envPlugin,
    liveLogPlugin(liveLogs),
    logPrefixPlugin(settings.logprefix),
    maxRunTimePlugin,
    rebootPlugin(settings.reboot ?? {}, worker),
    stopOnErrorPlugin(settings.stoponerror !== undefined, worker),
    successPlugin,
    taskLogPlugin(),
    userSetupPlugin,
    watchdogPlugin(settings.watchdog, worker),
  ];
}
