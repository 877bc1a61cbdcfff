/** Ends a worker in which nothing happens any more; on when `plugins` has `watchdog`. */

import { startAlarm } from "../alarm.ts";
import type { PluginSettings } from "../config/plugin-settings.ts";
import { secondsOf } from "../payload/duration.ts";
import type { Plugin, TaskPlugin, WorkerControl } from "./plugin.ts";

const usualTimeout = "45 minutes";

/** The time does not run while commands run, and until their task is over: how long that takes is not ours to say. */
export function watchdogPlugin(settings: PluginSettings["watchdog"], worker: WorkerControl): Plugin {
  const seconds = settings ? secondsOf(settings.timeout ?? usualTimeout) : 0;
  const bark = () => worker.stopNow(`nothing has happened for ${seconds} s (plugins.watchdog)`);
  let started = 0;
  let stop = () => {};
  const touch = () => {
    stop();
    stop = started === 0 && seconds > 0 ? startAlarm(seconds * 1000, bark) : () => {};
  };
  touch();
  const newTaskPlugin = (): TaskPlugin => {
    let isStarted = false;
    touch();
    return {
      buildSandbox: async () => touch(),
      started: async () => {
        isStarted = true;
        started += 1;
        touch();
      },
      finished: async () => touch(),
      exception: async () => touch(),
      dispose: async () => {
        if (isStarted) started -= 1;
        touch();
      },
    };
  };
  return { name: "watchdog", newTaskPlugin, idle: touch, close: () => stop() };
}
