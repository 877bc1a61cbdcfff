/** From the payload as the queue sent it to the one internal task. */
import { posix } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import ajvFormats from "ajv-formats";
import { isArtifactName } from "../artifacts/names.ts";
import type { AgentConfig } from "../config.ts";
import { TaskError } from "../outcome.ts";
import type { TaskDefinition } from "../queue/types.ts";
import { explain } from "./explain.ts";
import { type GenericWorkerPayload, genericWorkerSchema } from "./generic-worker-schema.ts";
import { type ArtifactSpec, type Dialect, emptyPayload, type TaskPayload } from "./payload.ts";
import { NOT_OFFERED, type Schema } from "./schema-parts.ts";
import { parseDuration, type TaskclusterWorkerPayload, taskclusterWorkerSchema } from "./taskcluster-worker-schema.ts";

const MOST_ERRORS = 20;
const EXPIRES_TOLERANCE_MS = 1_000;

/** The payload is refused; `errors` has a sentence for everything that is wrong with it. */
export class PayloadError extends TaskError {
  readonly errors: readonly string[];
  constructor(errors: readonly string[]) {
    const [first = "task.payload is refused.", ...others] = errors;
    super("malformed-payload", others.length > 0 ? `${first} (${others.length} more above)` : first);
    this.name = "PayloadError";
    this.errors =
      errors.length > MOST_ERRORS
        ? [...errors.slice(0, MOST_ERRORS), `… and ${errors.length - MOST_ERRORS} more errors.`]
        : errors;
  }
}

// Strict types are off: `anyOf` beside properties that it does not repeat is meant here.
const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, strictTypes: false, strictRequired: false });
ajvFormats.default(ajv, ["date-time", "uri"]);
ajv.addVocabulary([NOT_OFFERED]);
const isGenericWorkers = ajv.compile<GenericWorkerPayload>(genericWorkerSchema);
const isTaskclusterWorkers = ajv.compile<TaskclusterWorkerPayload>(taskclusterWorkerSchema);

/** The published JSON Schema of one dialect. */
export function schemaFor(dialect: Dialect): Schema {
  return dialect === "generic-worker" ? genericWorkerSchema : taskclusterWorkerSchema;
}

/** The dialect that a payload shows by itself, else `fallback`. */
export function dialectOf(payload: Readonly<Record<string, unknown>>, fallback: Dialect): Dialect {
  if ("link" in payload) return "taskcluster-worker";
  const first: unknown = Array.isArray(payload["command"]) ? payload["command"][0] : undefined;
  if (typeof first === "string") return "taskcluster-worker";
  return Array.isArray(first) ? "generic-worker" : fallback;
}

/** Throws PayloadError, which names everything that is wrong. The task itself is left as it was. */
export function parsePayload(
  task: TaskDefinition,
  config: Pick<AgentConfig, "dialect" | "maxTaskRunTime">,
): TaskPayload {
  const dialect = dialectOf(task.payload, config.dialect);
  const payload =
    dialect === "generic-worker"
      ? fromGenericWorker(accept(isGenericWorkers, task.payload))
      : fromTaskclusterWorker(accept(isTaskclusterWorkers, task.payload));
  const errors = [
    ...runTimeErrors(payload, config.maxTaskRunTime),
    ...logErrors(payload),
    ...artifactErrors(payload.artifacts, task),
  ];
  if (errors.length > 0) throw new PayloadError(errors);
  return payload;
}

function accept<T>(validate: ValidateFunction<T>, payload: Readonly<Record<string, unknown>>): T {
  const filled: unknown = structuredClone(payload);
  if (validate(filled)) return filled;
  throw new PayloadError(explain(validate.errors ?? []));
}

function fromGenericWorker(payload: GenericWorkerPayload): TaskPayload {
  const { command, maxRunTime, env, logs, onExitStatus, features, supersederUrl } = payload;
  const notices: string[] = [];
  if (features.resourceMonitor) notices.push("features.resourceMonitor: this worker does not sample memory.");
  if (supersederUrl !== undefined) notices.push("supersederUrl: this worker does not supersede tasks.");
  return {
    dialect: "generic-worker",
    commands: command,
    env,
    maxRunTimeSeconds: maxRunTime,
    artifacts: payload.artifacts.map((artifact) => ({
      ...artifact,
      name: artifact.name ?? posix.normalize(artifact.path),
    })),
    logs,
    onExitStatus,
    features: { liveLog: features.liveLog, backingLog: features.backingLog },
    notices,
  };
}

function fromTaskclusterWorker(payload: TaskclusterWorkerPayload): TaskPayload {
  const { link, sha256, command, env, maxRunTime = 0, artifacts, disableTaskclusterProxy } = payload;
  const seconds = typeof maxRunTime === "string" ? parseDuration(maxRunTime) : maxRunTime;
  return {
    ...emptyPayload("taskcluster-worker"),
    ...(link === undefined ? {} : { link: { url: link, ...(sha256 === undefined ? {} : { sha256 }) } }),
    commands: command ? [command] : [],
    env,
    maxRunTimeSeconds: seconds > 0 ? seconds : null,
    artifacts: artifacts.map((artifact) => ({ ...artifact, optional: false })),
    notices: disableTaskclusterProxy === false ? ["disableTaskclusterProxy: this worker has no proxy yet."] : [],
  };
}

function runTimeErrors({ maxRunTimeSeconds }: TaskPayload, most: number): string[] {
  if (maxRunTimeSeconds === null || maxRunTimeSeconds <= most) return [];
  return [`task.payload.maxRunTime is ${maxRunTimeSeconds} seconds, but this worker allows at most ${most}.`];
}

function logErrors({ logs, features }: TaskPayload): string[] {
  if (logs.live !== logs.backing || !features.liveLog || !features.backingLog) return [];
  return [`task.payload.logs gives both logs the name ${JSON.stringify(logs.live)}; they need one each.`];
}

function artifactErrors(artifacts: readonly ArtifactSpec[], task: TaskDefinition): string[] {
  const errors: string[] = [];
  const seen = new Set<string>();
  for (const [index, artifact] of artifacts.entries()) {
    const path = `task.payload.artifacts[${index}]`;
    const { type, name, expires, contentType, contentEncoding, optional } = artifact;
    const whole = JSON.stringify([type, artifact.path, name, expires, contentType, contentEncoding, optional]);
    if (seen.has(whole)) errors.push(`${path} repeats an earlier artifact.`);
    seen.add(whole);
    // What lies in a folder is named after the folder, which may therefore be ".".
    if (!isArtifactName(type === "directory" ? posix.join(name, "file") : name)) {
      errors.push(
        `${path} cannot have the name ${JSON.stringify(name.slice(0, 200))}: names are at most 1024 characters of printable ASCII, without "." or ".." between slashes. Give it another "name".`,
      );
    }
    if (expires === undefined) continue;
    if (Date.parse(expires) < Date.parse(task.deadline) - EXPIRES_TOLERANCE_MS) {
      errors.push(`${path}.expires before task deadline: ${expires} is before ${task.deadline}.`);
    }
    if (Date.parse(expires) > Date.parse(task.expires) + EXPIRES_TOLERANCE_MS) {
      errors.push(`${path}.expires after task expiry: ${expires} is after ${task.expires}.`);
    }
  }
  return errors;
}
