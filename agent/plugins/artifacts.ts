/** Uploads what the payload calls artifacts, also when the commands failed. */
import { badName, collectArtifacts } from "../artifacts/collect.ts";
import { isArtifactName } from "../artifacts/names.ts";
import { patient, type Retries } from "../artifacts/upload.ts";
import { TaskError } from "../outcome.ts";
import type { ArtifactSpec } from "../payload/payload.ts";
import type { TaskDefinition } from "../queue/types.ts";
import type { Plugin } from "./plugin.ts";

/** Clients round times to the second. */
const toleranceMs = 1000;

/** Said before the first command, not after hours of work. Throws TaskError. */
function checkSpec({ name, expires }: ArtifactSpec, task: TaskDefinition): void {
  if (!isArtifactName(name)) throw badName(name);
  if (expires === undefined) return;
  const at = Date.parse(expires);
  if (at < Date.parse(task.deadline) - toleranceMs) {
    throw new TaskError("malformed-payload", `Artifact ${name} expires before task deadline (${task.deadline})`);
  }
  if (at > Date.parse(task.expires) + toleranceMs) {
    throw new TaskError("malformed-payload", `Artifact ${name} expires after task expiry (${task.expires})`);
  }
}

/** `retries` counts for each upload. */
export function artifactsPlugin(retries: Retries = patient): Plugin {
  return {
    name: "artifacts",
    newTaskPlugin: (task) => {
      const { artifacts } = task.payload;
      if (artifacts.length === 0) return null;
      return {
        buildSandbox: async () => {
          for (const spec of artifacts) checkSpec(spec, task.task);
        },
        stopped: (result) => collectArtifacts(task, result, retries),
      };
    },
  };
}
