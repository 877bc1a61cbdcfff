/** From the payload as the queue sent it to the one internal task. */
import { posix } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import ajvFormats from "ajv-formats";
import { isArtifactName } from "../artifacts/names.ts";
import type { PluginSettings } from "../config/plugin-settings.ts";
import type { AgentConfig } from "../config.ts";
import { TaskError } from "../outcome.ts";
import type { TaskDefinition } from "../queue/types.ts";
import { isDeeperThan } from "./depth.ts";
import { secondsOf } from "./duration.ts";
import { explain } from "./explain.ts";
import { type GenericWorkerPayload, genericWorkerSchema } from "./generic-worker-schema.ts";
import { genericWorkersShell, interactiveErrors, taskclusterWorkersShell } from "./interactive.ts";
import { type ArtifactSpec, type Dialect, emptyPayload, type TaskPayload } from "./payload.ts";
import { MUST_BE, NOT_OFFERED, type Schema } from "./schema-parts.ts";
import { switchedOff } from "./switched-off.ts";
import { type TaskclusterWorkerPayload, taskclusterWorkerSchema } from "./taskcluster-worker-schema.ts";
import { disabledErrors, longestRunTime, runTimeErrors } from "./worker-limits.ts";

const MOST_ERRORS = 20;
/** No payload needs nearly as many, and whatever copies or shows it goes down by recursion. */
const MOST_LEVELS = 100;
const EXPIRES_TOLERANCE_MS = 1_000;

/** The payload is refused; `errors` has a sentence for everything that is wrong with it. */
export class PayloadError extends TaskError {
  readonly errors: readonly string[];
  /** What the payload does not conform to; null when that is no matter of a schema. */
  readonly schema: Schema | null;
  constructor(errors: readonly string[], schema: Schema | null = null) {
    const [first = "task.payload is refused.", ...others] = errors;
    super("malformed-payload", others.length > 0 ? `${first} (${others.length} more above)` : first);
    this.name = "PayloadError";
    this.schema = schema;
    this.errors =
      errors.length > MOST_ERRORS
        ? [...errors.slice(0, MOST_ERRORS), `… and ${errors.length - MOST_ERRORS} more errors.`]
        : errors;
  }
}

// Strict types are off: `anyOf` beside properties that it does not repeat is meant here.
const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, strictTypes: false, strictRequired: false });
ajvFormats.default(ajv, ["date-time", "uri"]);
ajv.addVocabulary([NOT_OFFERED, MUST_BE]);
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

const dockerWorkers =
  "task.payload.image makes this a docker-worker payload, and this worker has no containers: " +
  "expected is a payload of generic-worker, whose command is a list of argvs, or of taskcluster-worker.";

type PayloadConfig = Pick<AgentConfig, "dialect" | "maxTaskRunTime" | "plugins"> & Parameters<typeof switchedOff>[1];

/** Throws PayloadError, which names everything that is wrong. The task itself is left as it was. */
export function parsePayload(task: TaskDefinition, config: PayloadConfig): TaskPayload {
  if (isDeeperThan(task.payload, MOST_LEVELS)) {
    throw new PayloadError([`task.payload has lists or objects within each other on more than ${MOST_LEVELS} levels.`]);
  }
  if ("image" in task.payload) throw new PayloadError([dockerWorkers]);
  const dialect = dialectOf(task.payload, config.dialect);
  const limit = dialect === "generic-worker" ? config.maxTaskRunTime : longestRunTime(config);
  const payload =
    dialect === "generic-worker"
      ? fromGenericWorker(accept(isGenericWorkers, task.payload, genericWorkerSchema))
      : fromTaskclusterWorker(
          accept(isTaskclusterWorkers, task.payload, taskclusterWorkerSchema),
          limit,
          config.plugins,
        );
  const errors = [
    ...(dialect === "generic-worker"
      ? switchedOff(task.payload, config)
      : [...disabledErrors(task.payload, config.plugins), ...interactiveErrors(payload, config)]),
    ...runTimeErrors(payload, limit),
    ...logErrors(payload),
    ...(dialect === "generic-worker" ? repetitions(task.payload) : []),
    ...artifactErrors(payload, task),
  ];
  if (errors.length > 0) throw new PayloadError(errors);
  return payload;
}

function accept<T>(validate: ValidateFunction<T>, payload: TaskDefinition["payload"], schema: Schema): T {
  const filled: unknown = structuredClone(payload);
  if (validate(filled)) return filled;
  throw new PayloadError(explain(validate.errors ?? []), schema);
}

function fromGenericWorker(payload: GenericWorkerPayload): TaskPayload {
  const { command, maxRunTime, env, logs, onExitStatus, features, supersederUrl } = payload;
  const notices: string[] = [];
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
    onExitStatus: { retry: onExitStatus.retry },
    features: {
      liveLog: features.liveLog,
      backingLog: features.backingLog,
      resourceMonitor: features.resourceMonitor,
    },
    interactive: features.interactive ? genericWorkersShell : null,
    notices,
  };
}

function fromTaskclusterWorker(
  payload: TaskclusterWorkerPayload,
  limit: number,
  settings: PluginSettings,
): TaskPayload {
  const { link, sha256, context, command, env, maxRunTime = 0, artifacts } = payload;
  const seconds = secondsOf(maxRunTime);
  return {
    ...emptyPayload("taskcluster-worker"),
    ...(link === undefined ? {} : { link: { url: link, ...(sha256 === undefined ? {} : { sha256 }) } }),
    ...(context === undefined ? {} : { context }),
    commands: command ? [command] : [],
    env,
    maxRunTimeSeconds: seconds > 0 ? seconds : limit,
    artifacts: [...new Map(artifacts.map((each) => [wholeOf(each), { ...each, optional: false }])).values()],
    interactive: taskclusterWorkersShell(payload.interactive, settings),
    notices: withoutEffect(payload),
  };
}

function withoutEffect(payload: TaskclusterWorkerPayload): string[] {
  const { disableTaskclusterProxy, interactive, reboot, supersederUrl } = payload;
  const notices: string[] = [];
  if (interactive?.disableDisplay === false) {
    notices.push("interactive: this worker has no display to offer, because tasks have no screen.");
  }
  if (disableTaskclusterProxy === false) notices.push("disableTaskclusterProxy: this worker has no proxy yet.");
  if (reboot) notices.push("reboot: this worker never restarts the machine; the next task has a fresh user anyway.");
  if (supersederUrl !== undefined) notices.push("supersederUrl: this worker does not supersede tasks.");
  return notices;
}

function wholeOf(artifact: Omit<ArtifactSpec, "optional"> & { optional?: boolean }): string {
  const { type, path, name, expires, contentType, contentEncoding, optional } = artifact;
  return JSON.stringify([type, path, name, expires, contentType, contentEncoding, optional]);
}

/** As they are written: JSON Schema takes it, and it is harmless, when one artifact is there twice in other words. */
function repetitions({ artifacts }: TaskDefinition["payload"]): string[] {
  const first = new Map<string, number>();
  return [artifacts ?? []].flat().flatMap((artifact, index) => {
    const whole = JSON.stringify(Object.entries(Object(artifact)).sort());
    const same = first.get(whole);
    if (same === undefined) first.set(whole, index);
    return same === undefined
      ? []
      : `task.payload.artifacts[${index}] repeats artifacts[${same}]; no two may be alike.`;
  });
}

function logErrors({ logs, features }: TaskPayload): string[] {
  if (logs.live !== logs.backing || !features.liveLog || !features.backingLog) return [];
  return [`task.payload.logs gives both logs the name ${JSON.stringify(logs.live)}; they need one each.`];
}

function artifactErrors({ dialect, artifacts }: TaskPayload, task: TaskDefinition): string[] {
  const errors: string[] = [];
  for (const [index, { type, name, expires }] of artifacts.entries()) {
    const path = `task.payload.artifacts[${index}]`;
    // What lies in a folder is named after the folder, which may therefore be ".".
    if (!isArtifactName(type === "directory" ? posix.join(name, "file") : name)) {
      errors.push(
        `${path} cannot have the name ${JSON.stringify(name.slice(0, 200))}: names are at most 1024 characters of printable ASCII, without "." or ".." between slashes. Give it another "name".`,
      );
    }
    if (expires === undefined) continue;
    if (dialect === "taskcluster-worker" && Date.parse(expires) < Date.now()) {
      errors.push(`${path}.expires is in the past: ${expires}.`);
    }
    if (dialect === "generic-worker" && Date.parse(expires) < Date.parse(task.deadline) - EXPIRES_TOLERANCE_MS) {
      errors.push(`${path}.expires before task deadline: ${expires} is before ${task.deadline}.`);
    }
    if (Date.parse(expires) > Date.parse(task.expires) + EXPIRES_TOLERANCE_MS) {
      errors.push(`${path}.expires after task expiry: ${expires} is after ${task.expires}.`);
    }
  }
  return errors;
}
