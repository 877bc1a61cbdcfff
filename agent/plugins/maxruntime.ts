/** Ends a task whose commands run for too long. Neither preparation nor uploads are counted. */
import { startAlarm } from "../alarm.ts";
import type { Plugin, TaskPlugin } from "./plugin.ts";

export const maxRunTimePlugin: Plugin = {
  name: "maxruntime",
  newTaskPlugin: (task): TaskPlugin => {
    const seconds = task.payload.maxRunTimeSeconds ?? task.config.maxTaskRunTime;
    let stop: (() => void) | null = null;
    return {
      command: () => {
        stop ??= startAlarm(seconds * 1000, () => {
          task.log.error(`Aborting task: its commands ran for longer than its maxRunTime of ${seconds} s`);
          task.abort({ kind: "max-run-time", message: "task aborted - max run time exceeded" });
        });
        return () => [];
      },
      stopped: async () => {
        stop?.();
        return true;
      },
      dispose: async () => stop?.(),
    };
  },
};
