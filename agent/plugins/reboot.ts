/**
 * Ends the worker after so many tasks or so long a time; what comes then is for whoever started it to say. The machine
 * is never restarted, but taskcluster-worker's name for this is kept.
 */
import { startAlarm } from "../alarm.ts";
import type { PluginSettings } from "../config/plugin-settings.ts";
import { secondsOf } from "../payload/duration.ts";
import type { Plugin, WorkerControl } from "./plugin.ts";

/** A limit that is 0 or not set is none. */
export function rebootPlugin(
  { maxLifeCycle = 0, taskLimit = 0 }: NonNullable<PluginSettings["reboot"]>,
  worker: WorkerControl,
): Plugin {
  const seconds = secondsOf(maxLifeCycle);
  const end = () => worker.stopGracefully(`plugins.reboot.maxLifeCycle of ${seconds} s is over`);
  const stop = seconds > 0 ? startAlarm(seconds * 1000, end) : () => {};
  let tasks = 0;
  return {
    name: "reboot",
    newTaskPlugin: () => {
      tasks += 1;
      if (tasks === taskLimit) worker.stopGracefully(`plugins.reboot.taskLimit of ${taskLimit} is reached`);
      return null;
    },
    close: stop,
  };
}
