/** The log while the task runs, at the agent's own address, and afterwards as a file; one name leads to both. */
import { createArtifact } from "../artifacts/create.ts";
import { logContentType, uploadLog } from "../artifacts/log-upload.ts";
import { hasBackingLog, hasLiveLog } from "../artifacts/names.ts";
import { patient, type Retries } from "../artifacts/store.ts";
import type { LiveLogs, PublishedLog } from "../http/live-logs.ts";
import type { TaskContext } from "../task-context.ts";
import { messageOf } from "../thrown.ts";
import type { Plugin } from "./plugin.ts";

/** `liveLogs` is null when the agent's HTTP server could not start: then tasks go without a live log. */
export function liveLogPlugin(liveLogs: LiveLogs | null, retries: Retries = patient): Plugin {
  return {
    name: "livelog",
    newTaskPlugin: (task) => {
      const { logs } = task.payload;
      const [live, backing] = [hasLiveLog(task), hasBackingLog(task)];
      if (!live && !backing) return null;
      let published: PublishedLog | null = null;

      const finish = async () => {
        published?.remove();
        if (!backing) return;
        await uploadLog(task, logs.backing, retries);
        if (!live) return;
        const { expires } = task.task;
        const link = { storageType: "link", expires, contentType: logContentType, artifact: logs.backing } as const;
        await createArtifact(task, logs.live, link);
      };

      return {
        buildSandbox: async () => {
          if (live) published = await publish(task, liveLogs);
        },
        finished: finish,
        exception: async (reason) => {
          // Whoever has the run now owns its artifacts.
          if (reason !== "claim-lost") await finish();
        },
        dispose: async () => published?.remove(),
      };
    },
  };
}

/** So long a task is held up for it. */
const publishMs = 60_000;

/** A task without its live log is still worth running. */
async function publish(task: TaskContext, liveLogs: LiveLogs | null): Promise<PublishedLog | null> {
  const { live } = task.payload.logs;
  if (!liveLogs) {
    task.log.warn("There is no live log: the HTTP server of this worker could not start");
    return null;
  }
  const published = liveLogs.publish(task.log);
  try {
    const { expires } = task.task;
    const { url } = published;
    const request = { storageType: "reference", expires, contentType: logContentType, url } as const;
    await createArtifact(task, live, request, publishMs);
    return published;
  } catch (error) {
    published.remove();
    task.log.warn(`There is no live log: ${messageOf(error)}`);
    return null;
  }
}
