/**
 * Taskcluster-worker's plain task log: its name for the log on workers that give no live logs (`enableLiveLog: false`),
 * or, where `plugins` has `tasklog`, for a copy of it. For payloads of that dialect only.
 */
import { uploadLog } from "../artifacts/log-upload.ts";
import { hasTaskLog, taskLogName } from "../artifacts/names.ts";
import { patient, type Retries } from "../artifacts/store.ts";
import type { Plugin } from "./plugin.ts";

/** `retries` counts for the one upload. */
export function taskLogPlugin(retries: Retries = patient): Plugin {
  return {
    name: "tasklog",
    newTaskPlugin: (task) => {
      if (!hasTaskLog(task)) return null;
      return {
        finished: () => uploadLog(task, taskLogName, retries),
        exception: async (reason) => {
          if (reason !== "claim-lost") await uploadLog(task, taskLogName, retries);
        },
      };
    },
  };
}
