/** Facts about the task, the machine and the pool as the first lines of the log; on when `plugins` has `logprefix`. */
import { uptime } from "node:os";
import type { Plugin } from "./plugin.ts";

/** `lines` come from the settings, and stand in place of our own of the same name. Undefined: off. */
export function logPrefixPlugin(lines: Readonly<Record<string, string>> | undefined): Plugin {
  let tasksSinceStartup = 0;
  return {
    name: "logprefix",
    newTaskPlugin: ({ taskId, runId, log }) => {
      if (!lines) return null;
      const hostBootTime = new Date(Date.now() - uptime() * 1000).toISOString();
      const all = { hostBootTime, runId, taskId, tasksSinceStartup, ...lines };
      tasksSinceStartup += 1;
      for (const [key, value] of Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1))) {
        log.info(`${key}: ${value}`);
      }
      return null;
    },
  };
}
