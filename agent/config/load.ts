/** The agent's settings from all places: flag > environment > file > default of the command > default. */
import { parse, YAMLParseError } from "yaml";
import { type AgentConfig, defaultConfig } from "../config.ts";
import { nearest } from "../nearest.ts";
import { contradictions } from "./contradictions.ts";
import { refused, withoutEffect } from "./foreign.ts";
import { record } from "./kinds.ts";
import { idleSettings } from "./plugin-settings.ts";
import { settings } from "./settings.ts";

type Key = keyof AgentConfig;

/** Everything that is wrong with the configuration, one sentence each. */
export class ConfigError extends Error {
  readonly errors: readonly string[];
  /** Whether every setting is known and of the right kind, and only a value cannot be. */
  readonly isLoadable: boolean;
  constructor(errors: readonly string[], isLoadable: boolean) {
    super(errors.join("\n"));
    this.name = "ConfigError";
    this.errors = errors;
    this.isLoadable = isLoadable;
  }
}

export interface ConfigSources {
  /** What the command has in place of the usual defaults. */
  readonly defaults?: Partial<AgentConfig>;
  /** By the names of the settings, in any case; a text is read as the setting's type. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** YAML or JSON; `name` is for messages. */
  readonly file?: { readonly text: string; readonly name: string };
  /** Hears a sentence for each setting of generic-worker that is accepted and has no effect. */
  readonly notice?: (sentence: string) => void;
}

/** A value somebody set, and where, for the message when it is wrong. */
interface Given {
  readonly value: unknown;
  readonly where: string;
}

const keys = Object.keys(defaultConfig);
const byLowerCase = new Map<string, Key>();
for (const key of keys) if (isKey(key)) byLowerCase.set(key.toLowerCase(), key);
/** Names of generic-worker's that are no settings here. */
const foreignByLowerCase = new Map(
  [...Object.keys(withoutEffect), ...Object.keys(refused)].map((key) => [key.toLowerCase(), key]),
);

const environment: Readonly<Record<string, Key>> = {
  TASKCLUSTER_ROOT_URL: "rootURL",
  TASKCLUSTER_CLIENT_ID: "clientId",
  TASKCLUSTER_ACCESS_TOKEN: "accessToken",
  TASKCLUSTER_CERTIFICATE: "certificate",
  TASKCLUSTER_WORKER_GROUP: "workerGroup",
  TASKCLUSTER_WORKER_ID: "workerId",
};

const secret: ReadonlySet<Key> = new Set<Key>(["accessToken", "certificate", "staticSecret"]);

function isKey(key: string): key is Key {
  return Object.hasOwn(settings, key);
}

/** Throws ConfigError with a sentence for each setting that is unknown or wrong. Missing ones are no error: see `missing`. */
export function loadConfig({ defaults, flags = {}, env = {}, file, notice }: ConfigSources): AgentConfig {
  const errors: string[] = [];
  const inFile = fromFile(file, errors, notice ?? (() => {}));
  const inEnvironment = fromEnvironment(env, errors);
  for (const [key, { value, where }] of inEnvironment) {
    const other = inFile.get(key);
    if (other && other.value !== value) notice?.(`${key} comes from ${where}, not from ${other.where}.`);
  }
  const given = new Map<Key, Given>([...inFile, ...inEnvironment, ...named(flags, "the command line", errors)]);
  const config = { ...defaultConfig, ...defaults };
  let isLoadable = errors.length === 0;
  function take<K extends Key>(key: K): void {
    const found = given.get(key);
    if (!found) return;
    const { mustBe, is, fromText, explain } = settings[key];
    const fromFlag = typeof found.value === "string" && found.where !== file?.name;
    const value = fromFlag ? fromText(String(found.value)) : found.value;
    if (is(value)) {
      config[key] = value;
      return;
    }
    isLoadable &&= typeof value === typeof defaultConfig[key];
    if (explain) {
      errors.push(...explain(value).map((sentence) => `${found.where}: ${sentence}`));
      return;
    }
    const bare = typeof found.value === "number" && is(String(found.value)) ? ": put it in quotes" : "";
    const not = secret.has(key) ? "" : `, not ${show(found.value)}`;
    errors.push(`${key} in ${found.where} must be ${mustBe}${not}${bare}.`);
  }
  for (const key of byLowerCase.values()) take(key);
  if (errors.length === 0) errors.push(...contradictions(config));
  if (errors.length > 0) throw new ConfigError(errors, isLoadable);
  for (const sentence of idleSettings(config.plugins)) notice?.(sentence);
  return { ...config, rootURL: config.rootURL.replace(/\/+$/, "") };
}

/** The settings without which no task can be claimed, and that are not set. */
export function missing(config: AgentConfig): Key[] {
  const needed: Key[] = [
    "rootURL",
    ...(config.staticSecret === "" ? (["clientId", "accessToken"] as const) : (["providerId"] as const)),
    "provisionerId",
    "workerType",
    "workerGroup",
    "workerId",
  ];
  return needed.filter((key) => config[key] === "");
}

type Notice = (sentence: string) => void;

function fromFile(file: ConfigSources["file"], errors: string[], notice: Notice): Map<Key, Given> {
  if (!file) return new Map();
  try {
    const content: unknown = parse(file.text, { maxAliasCount: 0 });
    if (content === null || content === undefined) return new Map();
    if (record.is(content)) return named(withoutForeign(content, file.name, errors, notice), file.name, errors);
    errors.push(`${file.name} must hold settings, one per line like "workerType: mac".`);
  } catch (error) {
    errors.push(`${file.name} is no YAML or JSON${error instanceof YAMLParseError ? whyNot(error) : ""}.`);
  }
  return new Map();
}

/** By the parser's code alone: its messages quote the file, which may hold a secret. */
function whyNot({ linePos, code }: YAMLParseError): string {
  const [at] = linePos ?? [];
  return at ? `: look at line ${at.line}, column ${at.col} (${code.toLowerCase().replaceAll("_", " ")})` : "";
}

/** The settings that are ours. Tells of the others what there is to tell. */
function withoutForeign(
  values: Readonly<Record<string, unknown>>,
  where: string,
  errors: string[],
  notice: Notice,
): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const key = foreignByLowerCase.get(name.toLowerCase()) ?? "";
    const why = refused[key];
    const row = withoutEffect[key];
    if (why !== undefined) errors.push(`${where} has the setting ${show(name)}, which there is not: ${why}.`);
    else if (!row) own[name] = value;
    else if (value === null || row.silent.includes(value)) continue;
    else if (!row.kind.is(value)) errors.push(`${key} in ${where} must be ${row.kind.mustBe}, not ${show(value)}.`);
    else notice(`${key} in ${where} has no effect: ${row.why}.`);
  }
  return own;
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>, errors: string[]): Map<Key, Given> {
  const given = new Map<Key, Given>();
  for (const [name, key] of Object.entries(environment)) {
    if (env[name]) given.set(key, { value: env[name], where: `the environment (${name})` });
  }
  const pool = env["TASKCLUSTER_WORKER_POOL_ID"];
  if (pool) {
    const where = "the environment (TASKCLUSTER_WORKER_POOL_ID)";
    const [provisionerId, workerType, ...more] = pool.split("/");
    if (provisionerId && workerType && more.length === 0) {
      given.set("provisionerId", { value: provisionerId, where }).set("workerType", { value: workerType, where });
    } else {
      errors.push(`TASKCLUSTER_WORKER_POOL_ID must be <provisionerId>/<workerType>, not ${show(pool)}.`);
    }
  }
  return given;
}

function named(values: Readonly<Record<string, unknown>>, where: string, errors: string[]): Map<Key, Given> {
  const given = new Map<Key, Given>();
  for (const [name, value] of Object.entries(values)) {
    const key = byLowerCase.get(name.toLowerCase());
    if (!key) {
      const meant = nearest(name, byLowerCase.values());
      errors.push(`${where} has the unknown setting ${show(name)}${meant ? `; did you mean ${show(meant)}?` : "."}`);
    } else if (given.has(key)) {
      errors.push(`${where} sets ${key} more than once.`);
    } else if (value !== null && value !== undefined) {
      given.set(key, { value, where });
    }
  }
  return given;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
