/**
 * Shows after each command what it cost in memory, and ends the task that has most of it when the machine has too little.
 * That may be a task that did not ask for the figures: its neighbours must not pay for it.
 */
import { goDuration } from "../log-lines.ts";
import { memoryText } from "../memory/usage.ts";
import { type MemoryShare, MemoryWatch } from "../memory/watch.ts";
import type { TaskContext } from "../task-context.ts";
import type { Plugin } from "./plugin.ts";

/** Memory was short, and this task has most of it. Worded as generic-worker words it. */
function onShort({ config, log, abort }: TaskContext): () => void {
  const { maxMemoryUsagePercent: percent, minAvailableMemoryBytes, allowedHighMemoryDurationSecs } = config;
  const least = memoryText(minAvailableMemoryBytes);
  const lasted = goDuration(allowedHighMemoryDurationSecs * 1000);
  let isTold = false;
  return () => {
    if (isTold) return;
    isTold = true;
    log.warn(`Memory usage above ${percent}% and available memory less than ${least} persisted for over ${lasted}!`);
    if (config.disableOOMProtection) {
      log.warn("OOM protections are disabled, continuing task...");
      return;
    }
    const message = `task aborted due to sustained memory usage above ${percent}% and available memory less than ${least}`;
    log.error("Aborting task: of the tasks on this machine it uses most memory");
    abort({ kind: "out-of-memory", message });
  };
}

/** One `watch` for all tasks of the worker. */
export function resourceMonitorPlugin(watch = new MemoryWatch()): Plugin {
  return {
    name: "resourcemonitor",
    newTaskPlugin: (task) => {
      if (!task.config.enableResourceMonitor) return null;
      const { resourceMonitor } = task.payload.features;
      let share: MemoryShare | null = null;
      return {
        started: async ({ user }) => {
          share = watch.watch(user.uid, task.config, onShort(task));
        },
        command: () => {
          const measured = resourceMonitor ? share?.measure() : null;
          return () => measured?.end().rows ?? [];
        },
        stopped: async () => {
          share?.stop();
          return true;
        },
        dispose: async () => share?.stop(),
      };
    },
  };
}
