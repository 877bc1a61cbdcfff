/** Ends a task whose commands run for too long. Neither preparation nor uploads are counted. */
import type { Plugin, TaskPlugin } from "./plugin.ts";

/** The longest delay that a Node timer takes; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Calls `ring` once after `ms`, however long that is. The answer stops it. */
export function startAlarm(ms: number, ring: () => void): () => void {
  const due = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const wait = () => {
    const left = due - performance.now();
    timer = left <= 0 ? setTimeout(ring, 0) : setTimeout(wait, Math.min(left, longestTimerMs));
  };
  wait();
  return () => clearTimeout(timer);
}

export const maxRunTimePlugin: Plugin = {
  name: "maxruntime",
  newTaskPlugin: (task): TaskPlugin => {
    const seconds = task.payload.maxRunTimeSeconds ?? task.config.maxTaskRunTime;
    let stop = () => {};
    return {
      started: async () => {
        stop = startAlarm(seconds * 1000, () => {
          task.log.error(`Aborting task: its commands ran for longer than its maxRunTime of ${seconds} s`);
          task.abort({ kind: "max-run-time", message: "task aborted - max run time exceeded" });
        });
      },
      stopped: async () => {
        stop();
        return true;
      },
      dispose: async () => stop(),
    };
  },
};
