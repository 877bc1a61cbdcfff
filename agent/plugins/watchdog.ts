/** Ends a worker in which nothing happens any more; on when `plugins` has `watchdog`. */

import { startAlarm } from "../alarm.ts";
import type { PluginSettings } from "../config/plugin-settings.ts";
import { secondsOf } from "../payload/duration.ts";
import type { Plugin, TaskPlugin, WorkerControl } from "./plugin.ts";

const usualTimeout = "45 minutes";

/**
 * The time does not run from the moment a task has its user until it is over. First its context and its link are downloaded
 * and unpacked, which may take long and has limits of its own; then commands run, and how long they take is not ours to say.
 */
export function watchdogPlugin(settings: PluginSettings["watchdog"], worker: WorkerControl): Plugin {
  const seconds = settings ? secondsOf(settings.timeout ?? usualTimeout) : 0;
  const bark = () => worker.stopNow(`nothing has happened for ${seconds} s (plugins.watchdog)`);
  let atWork = 0;
  let stop = () => {};
  const touch = () => {
    stop();
    stop = atWork === 0 && seconds > 0 ? startAlarm(seconds * 1000, bark) : () => {};
  };
  touch();
  const newTaskPlugin = (): TaskPlugin => {
    let isAtWork = false;
    touch();
    return {
      buildSandbox: async () => {
        isAtWork = true;
        atWork += 1;
        touch();
      },
      finished: async () => touch(),
      exception: async () => touch(),
      dispose: async () => {
        if (isAtWork) atWork -= 1;
        touch();
      },
    };
  };
  return { name: "watchdog", newTaskPlugin, idle: touch, close: () => stop() };
}
