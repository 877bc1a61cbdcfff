/** Uploads what the payload calls artifacts, also when the commands failed. */
import { collectArtifacts } from "../artifacts/collect.ts";
import { patient, type Retries } from "../artifacts/store.ts";
import type { Plugin } from "./plugin.ts";

/** `retries` counts for each upload. */
export function artifactsPlugin(retries: Retries = patient): Plugin {
  return {
    name: "artifacts",
    newTaskPlugin: (task) => {
      if (task.payload.artifacts.length === 0) return null;
      return { stopped: (result) => collectArtifacts(task, result, retries) };
    },
  };
}
