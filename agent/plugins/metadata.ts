/**
 * Writes where the last task can be looked at, in a file of generic-worker's name and form, for whoever watches the machine.
 * It lies beside the worker's other files; no task sees it.
 */
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "./plugin.ts";

export const metadataFile = "generic-worker-metadata.json";

/** `directory` is the agent's own; without one nothing is written. */
export function metadataPlugin(directory: string | undefined): Plugin {
  return {
    name: "metadata",
    newTaskPlugin: ({ taskId, runId, queue, config }) => {
      if (directory === undefined || !config.enableMetadata) return null;
      return {
        dispose: async () => {
          const file = join(directory, metadataFile);
          // Of its own name: tasks that end at one time must not write into one file.
          const temporary = `${file}.${taskId}-${runId}`;
          const content = { lastTaskUrl: `${queue.rootUrl}/tasks/${taskId}/runs/${runId}` };
          try {
            await writeFile(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
            await rename(temporary, file);
          } catch (error) {
            await rm(temporary, { force: true });
            throw error;
          }
        },
      };
    },
  };
}
