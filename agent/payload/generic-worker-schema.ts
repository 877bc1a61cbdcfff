/** generic-worker's payload, as its posix multi-user engine takes it: `command` is a list of argv lists. */
import { argv, artifactName, env, expires, MUST_BE, notOffered, type Schema, word } from "./schema-parts.ts";

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
  features: { liveLog: boolean; backingLog: boolean; resourceMonitor: boolean; interactive: boolean };
  logs: { live: string; backing: string };
  onExitStatus: { retry: number[] };
  supersederUrl?: string;
}

const artifact: Schema = {
  type: "object",
  properties: {
    type: { type: "string", enum: ["file", "directory"] },
    path: { ...word, minLength: 1, description: "Relative to the task directory, or absolute." },
    name: { ...artifactName, description: "Printable ASCII. When absent, the path: `./a//b` is named `a/b`." },
    expires: { ...expires, description: `Not before the task's deadline. ${expires["description"]}` },
    contentType: {
      type: "string",
      pattern: "^[\\x20-\\x7e]+$",
      [MUST_BE]: "1 to 255 characters of printable ASCII",
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
      default: true,
      description: "What a command and the machine had in memory is shown after each command.",
    },
    chainOfTrust: notOffered("chainOfTrust", "false"),
    taskclusterProxy: notOffered("taskclusterProxy", "false"),
    interactive: {
      type: "boolean",
      default: false,
      description:
        "People can use a shell of the task while it runs: the artifact `private/generic-worker/shell.html` leads to it.",
    },
    loopbackAudio: notOffered("loopbackAudio (a device of Linux)", "false"),
    loopbackVideo: notOffered("loopbackVideo (a device of Linux)", "false"),
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
        purgeCaches: {
          type: "array",
          items: { type: "integer", minimum: 0 },
          uniqueItems: true,
          default: [],
          description: "Exit codes after which the task's caches are removed. There are no caches yet.",
        },
      },
      additionalProperties: false,
      default: {},
    },
    mounts: notOffered("mounts", "empty"),
    osGroups: notOffered("osGroups (a task user is in no group but its own)", "empty"),
    supersederUrl: { type: "string", description: "Accepted and not used, as in generic-worker. The log says so." },
    taskclusterProxyInterface: {
      type: "string",
      enum: ["localhost", "docker-bridge"],
      description: "Where a proxy would listen. Without `features.taskclusterProxy` it means nothing.",
    },
    image: notOffered("image (a docker-worker payload)", "absent"),
    context: notOffered("context", "absent"),
  },
  required: ["command", "maxRunTime"],
  additionalProperties: false,
};
