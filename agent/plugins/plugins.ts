/** Every feature of a task. The order means nothing: the hooks of one stage run side by side. */
import type { Retries } from "../artifacts/store.ts";
import type { PluginSettings } from "../config/plugin-settings.ts";
import type { LazyShellServer } from "../http/lazy-shell-server.ts";
import type { LiveLogs } from "../http/live-logs.ts";
import { artifactsPlugin } from "./artifacts.ts";
import { envPlugin } from "./env.ts";
import { interactivePlugin } from "./interactive.ts";
import { liveLogPlugin } from "./livelog.ts";
import { logPrefixPlugin } from "./logprefix.ts";
import { maxRunTimePlugin } from "./maxruntime.ts";
import { metadataPlugin } from "./metadata.ts";
import type { Plugin, WorkerControl } from "./plugin.ts";
import { rebootPlugin } from "./reboot.ts";
import { resourceMonitorPlugin } from "./resourcemonitor.ts";
import { stopOnErrorPlugin } from "./stoponerror.ts";
import { successPlugin } from "./success.ts";
import { taskLogPlugin } from "./tasklog.ts";
import { userSetupPlugin } from "./usersetup.ts";
import { watchdogPlugin } from "./watchdog.ts";

/** What plugins share across tasks. */
export interface PluginServices {
  /** Null when the agent's HTTP server could not start. */
  readonly liveLogs: LiveLogs | null;
  /** Null when shells are switched off. */
  readonly shells: LazyShellServer | null;
  readonly settings: PluginSettings;
  readonly worker: WorkerControl;
  /** The agent's own directory, for files that outlive a task. */
  readonly state?: string;
  /** Of uploads; patient by default. */
  readonly retries?: Retries;
}

/** One list for the whole life of the worker. */
export function newPlugins({ liveLogs, shells, settings, worker, state, retries }: PluginServices): readonly Plugin[] {
  return [
    artifactsPlugin(retries),
    envPlugin,
    interactivePlugin(shells, retries),
    liveLogPlugin(liveLogs, retries),
    logPrefixPlugin(settings.logprefix),
    maxRunTimePlugin,
    metadataPlugin(state),
    rebootPlugin(settings.reboot ?? {}, worker),
    resourceMonitorPlugin(),
    stopOnErrorPlugin(settings.stoponerror !== undefined, worker),
    successPlugin,
    taskLogPlugin(retries),
    userSetupPlugin,
    watchdogPlugin(settings.watchdog, worker),
  ];
}
