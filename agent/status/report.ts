/** What a worker says of itself in `status.json` of its state directory, for `status` and `drain`. */
import { Ajv } from "ajv";
import type { IdleReason } from "../activity.ts";

export const reportFile = "status.json";

export interface RunningTask {
  readonly taskId: string;
  readonly runId: number;
  /** The task user; null before there is one. */
  readonly user: string | null;
  readonly since: string;
  /** It is over, and the queue could not be told yet. */
  readonly unheard: boolean;
}

/** Times are in ISO 8601. */
export interface Report {
  readonly version: string;
  readonly pid: number;
  readonly workerPoolId: string;
  readonly workerGroup: string;
  readonly workerId: string;
  readonly machine: {
    readonly instanceId: string;
    readonly instanceType: string;
    readonly region: string;
    readonly availabilityZone: string;
    readonly privateIP: string;
    readonly publicIP: string;
  };
  /** Which helper. */
  readonly instance: string;
  readonly started: string;
  /** When this was written. Written at least every `heartbeatMs`. */
  readonly updated: string;
  readonly state: "claiming" | "full" | "idle";
  /** Why no tasks are claimed; null unless `state` is idle. */
  readonly idle: IdleReason["kind"] | null;
  /** The same as one sentence. */
  readonly doing: string;
  readonly capacity: number;
  /** As generic-worker's `status` has it. */
  readonly currentTaskIds: readonly string[];
  readonly running: readonly RunningTask[];
  /** By this process. */
  readonly resolved: { readonly completed: number; readonly failed: number; readonly exception: number };
  /** For `numberOfTasksToRun`, with those of earlier processes. */
  readonly tasksResolved: number;
  readonly lastClaim: string | null;
  /** How the worker is told to finish its tasks and end. */
  readonly drainSignal: "SIGINT" | "SIGTERM";
  /** Null as long as it runs. */
  readonly end: {
    readonly reason: string;
    readonly exitStatus: number;
    /** What the machine should do now, which the worker itself cannot. */
    readonly machine: "keep" | "shut-down";
  } | null;
}

export const heartbeatMs = 20_000;
/** A worker that lives writes before that. */
export const staleMs = 3 * heartbeatMs;

const text = { type: "string" };
const count = { type: "integer", minimum: 0 };
const closed = (properties: Readonly<Record<string, object>>) => ({
  type: "object",
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});
const texts = (...names: string[]) => Object.fromEntries(names.map((name) => [name, text]));

const isReport = new Ajv({ allowUnionTypes: true, useDefaults: true }).compile<Report>(
  closed({
    ...texts("version", "workerPoolId", "workerGroup", "workerId", "instance", "started", "updated", "doing"),
    pid: { type: "integer", minimum: 2 },
    machine: closed(texts("instanceId", "instanceType", "region", "availabilityZone", "privateIP", "publicIP")),
    state: { enum: ["claiming", "full", "idle"] },
    idle: { type: ["string", "null"] },
    capacity: count,
    currentTaskIds: { type: "array", items: text },
    running: {
      type: "array",
      items: closed({
        ...texts("taskId", "since"),
        runId: count,
        user: { type: ["string", "null"] },
        // A worker of another version may not say it.
        unheard: { type: "boolean", default: false },
      }),
    },
    resolved: closed({ completed: count, failed: count, exception: count }),
    tasksResolved: count,
    lastClaim: { type: ["string", "null"] },
    drainSignal: { enum: ["SIGINT", "SIGTERM"] },
    end: {
      anyOf: [{ type: "null" }, closed({ reason: text, exitStatus: count, machine: { enum: ["keep", "shut-down"] } })],
    },
  }),
);

/** Null when the text is no report, as one of another version may be. */
export function parseReport(content: string): Report | null {
  try {
    const value: unknown = JSON.parse(content);
    return isReport(value) ? value : null;
  } catch {
    return null;
  }
}
