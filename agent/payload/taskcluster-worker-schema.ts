/** taskcluster-worker's payload, as its macosx and native engines and their plugins take it: `command` is one argv. */
import { type Duration, duration } from "./duration.ts";
import { argv, env, expires, MUST_BE, notOffered, type Schema, word } from "./schema-parts.ts";

/** A payload that the schema below has accepted and filled with its defaults. */
export interface TaskclusterWorkerPayload {
  link?: string;
  context?: string;
  sha256?: string;
  command?: string[];
  env: Record<string, string>;
  maxRunTime?: Duration;
  artifacts: { type: "file" | "directory"; path: string; name: string; expires?: string }[];
  disableTaskclusterProxy?: boolean;
  reboot?: "always" | "on-failure" | "on-exception";
  supersederUrl?: string;
  interactive?: { disableDisplay: boolean; disableShell: boolean; artifactPrefix?: string };
}

const address: Schema = {
  type: "string",
  format: "uri",
  pattern: "^https?://",
  [MUST_BE]: "an http or https address",
  maxLength: 8192,
};

const artifact: Schema = {
  type: "object",
  properties: {
    type: { type: "string", enum: ["file", "directory"] },
    path: {
      ...word,
      pattern: "^[^\\u0000]*[^/\\u0000]$",
      [MUST_BE]: "a text that does not end in a slash",
      description: "Relative to the home, or absolute.",
    },
    name: {
      type: "string",
      pattern: "^[\\x20-\\x2e\\x30-\\x7e](?:[\\x20-\\x7e]{0,1022}[\\x20-\\x2e\\x30-\\x7e])?$",
      [MUST_BE]: "1 to 1024 characters of printable ASCII without a slash at either end",
      description: "Printable ASCII, no slash at either end.",
    },
    expires,
  },
  required: ["type", "path", "name"],
  additionalProperties: false,
};

const interactive: Schema = {
  type: "object",
  description:
    "People can use a shell of the task while it runs: `shell.html` leads to it, `sockets.json` has its address. " +
    "The task ends when its shells have ended. {} is enough.",
  properties: {
    disableShell: { type: "boolean", default: false },
    disableDisplay: {
      type: "boolean",
      default: false,
      description: "There is never a display, because tasks have no screen. The log says so, unless this is true.",
    },
    artifactPrefix: {
      type: "string",
      pattern: "^[\\x20-\\x2e\\x30-\\x7e][\\x20-\\x7e]*/$",
      maxLength: 255,
      description:
        "Begins the names of the two artifacts, `private/interactive/` when absent. " +
        "Not public: whoever knows the address has the shell.",
    },
  },
  additionalProperties: false,
};

export const taskclusterWorkerSchema: Schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Payload of taskcluster-worker for macOS, taskcluster-worker's dialect",
  type: "object",
  properties: {
    link: {
      ...address,
      description:
        "A file that is downloaded into the home, under its own name and executable. Without `command` it is what runs.",
    },
    sha256: {
      type: "string",
      pattern: "^[0-9a-f]{64}$",
      [MUST_BE]: "64 hexadecimal digits in small letters",
      description: "Hash that the file of `link` must have.",
    },
    context: {
      ...address,
      description:
        "A .zip, .tar, .tar.gz, .tgz or .gz that is downloaded and unpacked into the home; any other file is placed there.",
    },
    command: { ...argv, description: "One argv, run in the home; no shell is involved." },
    env,
    maxRunTime: {
      description:
        'Seconds, or a text like "1 hour 30 minutes"; not more than maxTaskRunTime of the worker, which 0 stands for.',
      ...duration,
    },
    artifacts: {
      type: "array",
      items: artifact,
      maxItems: 10_000,
      default: [],
      description: "One that is there twice counts once.",
    },
    disableTaskclusterProxy: {
      type: "boolean",
      description: "Accepted: this worker has no proxy to switch off. When false asks for one, the log says so.",
    },
    caches: notOffered("caches", "empty"),
    chainOfTrust: notOffered("chainOfTrust", "false"),
    certifiedLog: notOffered("certifiedLog", "false"),
    enableRelengAPIProxy: notOffered("enableRelengAPIProxy (its service is gone)", "false"),
    interactive,
    reboot: {
      type: "string",
      enum: ["always", "on-failure", "on-exception"],
      description: "Accepted: each task has a fresh user, and this worker never restarts the machine. The log says so.",
    },
    supersederUrl: {
      type: "string",
      description: "Accepted: queues supersede no tasks any more. The log says so.",
    },
    image: notOffered("image (a docker-worker payload)", "absent"),
  },
  anyOf: [{ required: ["command"] }, { required: ["link"] }],
  dependencies: { sha256: ["link"] },
  additionalProperties: false,
};
