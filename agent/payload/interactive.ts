/** What a payload of either dialect means by an interactive task. */
import { isArtifactName } from "../artifacts/names.ts";
import type { PluginSettings } from "../config/plugin-settings.ts";
import type { AgentConfig } from "../config.ts";
import type { InteractiveSpec, TaskPayload } from "./payload.ts";
import type { TaskclusterWorkerPayload } from "./taskcluster-worker-schema.ts";

type Options = TaskclusterWorkerPayload["interactive"];

export const genericWorkersShell: InteractiveSpec = {
  pageArtifact: "private/generic-worker/shell.html",
  socketsArtifact: null,
  holdsTask: false,
};

/** `options` are undefined when the payload says nothing; what the worker's settings say comes before them. */
export function taskclusterWorkersShell(
  options: Options,
  { disabled = [], interactive: settings = {} }: PluginSettings,
): InteractiveSpec | null {
  const isAsked = options !== undefined || (settings.alwaysEnabled === true && !disabled.includes("interactive"));
  if (!isAsked || options?.disableShell || settings.disableShell) return null;
  const own = settings.forbidCustomArtifactPrefix ? undefined : options?.artifactPrefix;
  const prefix = own ?? settings.artifactPrefix ?? "private/interactive/";
  return { pageArtifact: `${prefix}shell.html`, socketsArtifact: `${prefix}sockets.json`, holdsTask: true };
}

type InteractiveConfig = Pick<AgentConfig, "enableInteractive" | "provisionerId" | "workerType">;

/** Of a payload in taskcluster-worker's dialect. */
export function interactiveErrors({ interactive }: TaskPayload, config: InteractiveConfig): string[] {
  if (!interactive) return [];
  const errors: string[] = [];
  const { pageArtifact } = interactive;
  if (!config.enableInteractive) {
    const pool = `${config.provisionerId}/${config.workerType}`;
    errors.push(
      `task.payload.interactive asks for a shell, but it's not enabled on this worker pool (${pool}), whose enableInteractive is false; leave it out.`,
    );
  }
  const prefix = "task.payload.interactive.artifactPrefix";
  if (!isArtifactName(pageArtifact)) {
    errors.push(
      `${prefix} makes the name ${JSON.stringify(pageArtifact)}, which no artifact can have; choose another.`,
    );
  }
  if (pageArtifact.startsWith("public/")) {
    errors.push(`${prefix} is public, but whoever knows a shell's address can use it; choose another.`);
  }
  return errors;
}
