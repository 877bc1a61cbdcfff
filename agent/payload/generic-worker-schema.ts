/** generic-worker's payload, as its posix multi-user engine takes it: `command` is a list of argv lists. */
import { argv, artifactName, env, expires, notOffered, type Schema, word } from "./schema-parts.ts";

/** A payload that the schema below has accepted and filled with its defaults. */
export interface GenericWorkerPayload {
  command: string[][];
  maxRunTime: number;
  env: Record<string, string>;
  artifacts: {
    type: "file" | "directory";
    path: string;
    name?: string;
    expires?: string;
    contentType?: string;
    contentEncoding?: "identity" | "gzip";
    optional: boolean;
  }[];
  features: { liveLog: boolean; backingLog: boolean; resourceMonitor?: boolean };
  logs: { live: string; backing: string };
  onExitStatus: { retry: number[] };
  supersederUrl?: string;
}

const artifact: Schema = {
  type: "object",
  properties: {
    type: { type: "string", enum: ["file", "directory"] },
    path: { ...word, minLength: 1, description: "Relative to the task directory, or absolute." },
    name: { ...artifactName, description: "Printable ASCII. The path when absent." },
    expires: { ...expires, description: `Not before the task's deadline. ${expires["description"]}` },
    contentType: {
      type: "string",
      pattern: "^[\\x20-\\x7e]+$",
      maxLength: 255,
      description: "Printable ASCII. Guessed from the file name when absent.",
    },
    contentEncoding: {
      type: "string",
      enum: ["identity", "gzip"],
      description: "When absent: identity for files that are compressed already, by their name; else gzip.",
    },
    optional: {
      type: "boolean",
      default: false,
      description: "A missing optional artifact leaves an error artifact and does not fail the task.",
    },
  },
  required: ["type", "path"],
  additionalProperties: false,
};

const features: Schema = {
  type: "object",
  properties: {
    liveLog: { type: "boolean", default: true, description: "The log can be read while the task runs." },
    backingLog: { type: "boolean", default: true, description: "The log is uploaded when the task ends." },
    resourceMonitor: {
      type: "boolean",
      description:
        "Accepted, because generic-worker switches it on by default; this worker does not sample memory. When it is asked for, the log says so.",
    },
    chainOfTrust: notOffered("chainOfTrust", "false"),
    taskclusterProxy: notOffered("taskclusterProxy", "false"),
    interactive: notOffered("interactive", "false"),
    loopbackAudio: notOffered("loopbackAudio", "false"),
    loopbackVideo: notOffered("loopbackVideo", "false"),
    runTaskAsCurrentUser: notOffered("runTaskAsCurrentUser (every task has a user of its own)", "false"),
  },
  additionalProperties: false,
  default: {},
};

export const genericWorkerSchema: Schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Payload of taskcluster-worker for macOS, generic-worker's dialect",
  type: "object",
  properties: {
    command: {
      type: "array",
      items: argv,
      minItems: 1,
      maxItems: 4000,
      description: "Commands, run in order until one fails. Each is an argv; no shell is involved.",
    },
    maxRunTime: {
      type: "integer",
      minimum: 1,
      description: "Seconds for all commands together; not more than maxTaskRunTime of the worker.",
    },
    env,
    artifacts: { type: "array", items: artifact, maxItems: 10_000, default: [], description: "No two alike." },
    features,
    logs: {
      type: "object",
      properties: {
        live: { ...artifactName, default: "public/logs/live.log" },
        backing: { ...artifactName, default: "public/logs/live_backing.log" },
      },
      additionalProperties: false,
      default: {},
    },
    onExitStatus: {
      type: "object",
      properties: {
        retry: {
          type: "array",
          items: { type: "integer", minimum: 1 },
          uniqueItems: true,
          default: [],
          description: "Exit codes after which the queue runs the task again.",
        },
        purgeCaches: notOffered("onExitStatus.purgeCaches (it has no caches yet)", "empty"),
      },
      additionalProperties: false,
      default: {},
    },
    mounts: notOffered("mounts", "empty"),
    osGroups: notOffered("osGroups (a task user is in no group but its own)", "empty"),
    supersederUrl: { type: "string", description: "Accepted and not used, as in generic-worker. The log says so." },
    taskclusterProxyInterface: {
      type: "string",
      enum: ["localhost"],
      description: "The one place where a proxy could listen.",
    },
    image: notOffered("image (a docker-worker payload)", "absent"),
    context: notOffered("context", "absent"),
  },
  required: ["command", "maxRunTime"],
  additionalProperties: false,
};
