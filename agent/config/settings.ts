/** What each setting may be, and how a text from a flag or the environment becomes its value. */
import { isIP } from "node:net";
import type { AgentConfig } from "../config.ts";

interface Setting<T> {
  /** Ends the sentence "<name> must be …". */
  readonly mustBe: string;
  is(value: unknown): value is T;
  /** From a flag or the environment; what it returns is checked with `is`. */
  fromText(text: string): unknown;
}

function text(mustBe: string, accepts: (value: string) => boolean): Setting<string> {
  return {
    mustBe,
    is: (value): value is string => typeof value === "string" && (value === "" || accepts(value)),
    fromText: (value) => value,
  };
}

function matching(mustBe: string, pattern: RegExp): Setting<string> {
  return text(mustBe, (value) => pattern.test(value));
}

function number(least: number, most: number, whole: boolean): Setting<number> {
  return {
    mustBe: `a ${whole ? "whole " : ""}number from ${least} to ${most}`,
    is: (value): value is number =>
      typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value)),
    fromText: (value) => (/^\d+(\.\d+)?$/.test(value) ? Number(value) : value),
  };
}

const boolean: Setting<boolean> = {
  mustBe: "true or false",
  is: (value): value is boolean => typeof value === "boolean",
  fromText: (value) => (value === "true" || value === "false" ? value === "true" : value),
};

const record: Setting<Record<string, unknown>> = {
  mustBe: "an object",
  is: (value): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value),
  fromText: parseJson,
};

const dialect: Setting<AgentConfig["dialect"]> = {
  mustBe: '"generic-worker" or "taskcluster-worker"',
  is: (value): value is AgentConfig["dialect"] => value === "generic-worker" || value === "taskcluster-worker",
  fromText: (value) => value,
};

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const identifier = matching("1 to 38 letters, digits, - or _", /^[A-Za-z0-9_-]{1,38}$/);
const anyText = text("a text", () => true);
const DAY = 86_400;

/** One row per setting; the compiler misses none. */
export const settings: { readonly [K in keyof AgentConfig]: Setting<AgentConfig[K]> } = {
  rootURL: text("an http or https URL", (value) => /^https?:$/.test(URL.parse(value)?.protocol ?? "")),
  clientId: matching("the name of a client, like project/mac/worker-1", /^[A-Za-z0-9!@/:.+|_-]+$/),
  accessToken: matching("22 to 66 letters, digits, - or _", /^[A-Za-z0-9_-]{22,66}$/),
  certificate: text("the JSON text of a certificate", (value) => record.is(parseJson(value))),
  provisionerId: identifier,
  workerType: matching(
    "1 to 38 small letters, digits or -, with a letter first and no - at the end",
    /^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$/,
  ),
  workerGroup: identifier,
  workerId: identifier,
  capacity: number(1, 255, true),
  maxTaskRunTime: number(1, 30 * DAY, true),
  publicIP: text("an IP address", (value) => isIP(value) !== 0),
  livelogExposePort: number(0, 65_535, true),
  enableLiveLog: boolean,
  workerTypeMetadata: record,
  requiredDiskSpaceMegabytes: number(0, 1e9, true),
  maxLogBytes: number(1_000_000, 1e15, true),
  workerLocation: anyText,
  instanceType: anyText,
  numberOfTasksToRun: number(0, 1e9, true),
  idleTimeoutSecs: number(0, 365 * DAY, true),
  dialect,
  pollingInterval: number(0.1, 600, false),
  reclaimOffset: number(0, 1_200, false),
  cancelCheckSecs: number(1, 600, false),
  instance: matching("1 to 32 small letters, digits or -", /^[a-z0-9][a-z0-9-]{0,31}$/),
};
