/** taskcluster-worker's payload, as its macosx and native engines and their plugins take it: `command` is one argv. */
import { argv, env, expires, notOffered, type Schema, word } from "./schema-parts.ts";

/** A payload that the schema below has accepted and filled with its defaults. */
export interface TaskclusterWorkerPayload {
  link?: string;
  sha256?: string;
  command?: string[];
  env: Record<string, string>;
  /** Seconds, or a text that `parseDuration` understands. */
  maxRunTime?: number | string;
  artifacts: { type: "file" | "directory"; path: string; name: string; expires?: string }[];
  disableTaskclusterProxy?: boolean;
}

/** Each run of spaces has one place where it can match: the pattern is asked even of a text that is too long. */
const durationPattern =
  "^\\s*(?:(\\d{1,6})\\s*(?:days?|d)\\s*)?(?:(\\d{1,6})\\s*(?:hours?|hr|h)\\s*)?(?:(\\d{1,6})\\s*(?:minutes?|min|m)\\s*)?$";

/** Seconds of a text like "1 day 2 hours 30 minutes" that the schema has accepted. */
export function parseDuration(text: string): number {
  const [, days = "0", hours = "0", minutes = "0"] = new RegExp(durationPattern).exec(text) ?? [];
  return Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60;
}

const artifact: Schema = {
  type: "object",
  properties: {
    type: { type: "string", enum: ["file", "directory"] },
    path: { ...word, pattern: "^[^\\u0000]*[^/\\u0000]$", description: "Relative to the home, or absolute." },
    name: {
      type: "string",
      pattern: "^[\\x20-\\x2e\\x30-\\x7e](?:[\\x20-\\x7e]{0,1022}[\\x20-\\x2e\\x30-\\x7e])?$",
      description: "Printable ASCII, no slash at either end.",
    },
    expires,
  },
  required: ["type", "path", "name"],
  additionalProperties: false,
};

export const taskclusterWorkerSchema: Schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Payload of taskcluster-worker for macOS, taskcluster-worker's dialect",
  type: "object",
  properties: {
    link: {
      type: "string",
      format: "uri",
      pattern: "^https?://",
      maxLength: 8192,
      description:
        "A file that is downloaded into the home, under its own name and executable. Without `command` it is what runs.",
    },
    sha256: { type: "string", pattern: "^[0-9a-f]{64}$", description: "Hash that the file of `link` must have." },
    command: { ...argv, description: "One argv, run in the home; no shell is involved." },
    env,
    maxRunTime: {
      description:
        'Seconds, or a text like "1 hour 30 minutes"; not more than maxTaskRunTime of the worker, which 0 stands for.',
      anyOf: [
        { type: "integer", minimum: 0 },
        { type: "string", pattern: durationPattern, maxLength: 64 },
      ],
    },
    artifacts: { type: "array", items: artifact, maxItems: 10_000, default: [], description: "No two alike." },
    disableTaskclusterProxy: {
      type: "boolean",
      description: "Accepted: this worker has no proxy to switch off. When false asks for one, the log says so.",
    },
    caches: notOffered("caches", "empty"),
    chainOfTrust: notOffered("chainOfTrust", "false"),
    certifiedLog: notOffered("certifiedLog", "false"),
    context: notOffered("context", "absent"),
    interactive: notOffered("interactive", "absent"),
    reboot: notOffered("reboot (this worker never restarts the machine)", "absent"),
    image: notOffered("image (a docker-worker payload)", "absent"),
  },
  anyOf: [{ required: ["command"] }, { required: ["link"] }],
  dependencies: { sha256: ["link"] },
  additionalProperties: false,
};
