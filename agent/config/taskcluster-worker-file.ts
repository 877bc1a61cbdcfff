/**
 * A configuration in taskcluster-worker's layout, `{transforms, config: {engine, engines, plugins, worker, …}}`, as
 * settings of ours. What it says of other settings of ours is kept, so that it can have a `rootURL`.
 */

import { record } from "./kinds.ts";
import type { pluginNames } from "./plugin-settings.ts";

type Values = Readonly<Record<string, unknown>>;

/** Plugins that are on here unless they are disabled, and were off there without a section of their own. */
const onByDefault = [
  "artifacts",
  "env",
  "interactive",
  "livelog",
  "maxruntime",
  "tasklog",
] as const satisfies readonly (typeof pluginNames)[number][];

/** Their section, and in it their setting → ours; null: no effect, which is not worth a word. */
const sections: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  credentials: { clientId: "clientId", accessToken: "accessToken", certificate: "certificate", authorizedScopes: null },
  worker: {
    ...{ provisionerId: "provisionerId", workerType: "workerType", workerGroup: "workerGroup", workerId: "workerId" },
    ...{ pollingInterval: "pollingInterval", reclaimOffset: "reclaimOffset", concurrency: "capacity" },
    ...{ minimumReclaimDelay: null, enableSuperseding: null },
  },
};

const withoutEffect: Readonly<Record<string, string>> = {
  authBaseUrl: "addresses come from rootURL",
  minimumMemory: "there are no caches that could be given up for memory",
  monitor: "the level is --logging-level, and nothing is sent elsewhere",
  queueBaseUrl: "addresses come from rootURL",
  secretsBaseUrl: "addresses come from rootURL",
  temporaryFolder: "the agent has a directory of its own",
  webHookServer: "live logs are served at publicIP and livelogExposePort",
};

const noGroups = "task users are in no group but their own, so that tasks share none";
const ownUser = "every task runs in a user of its own";

/** What is wrong with the engine's own settings. */
function engineErrors({ engine, engines }: Values): string[] {
  const name = String(engine);
  if (name !== "macosx" && name !== "native")
    return [`engine is ${JSON.stringify(engine)}, but there is one engine, macosx (or native)`];
  const own = record.is(engines) ? engines[name] : undefined;
  if (own === undefined) return [];
  if (!record.is(own)) return [`engines.${name} must be an object`];
  const errors = Object.keys(own)
    .filter((key) => !["createUser", "userGroups", "groups", "sudo"].includes(key))
    .map((key) => `engines.${name} has the unknown setting ${JSON.stringify(key)}`);
  if (own["createUser"] !== true) errors.push(`engines.${name}.createUser must be true: ${ownUser}`);
  for (const key of ["userGroups", "groups"]) {
    const groups = own[key] ?? [];
    if (!Array.isArray(groups) || groups.length > 0) errors.push(`engines.${name}.${key} must be empty: ${noGroups}`);
  }
  return errors;
}

function pluginsOf(plugins: unknown): unknown {
  if (!record.is(plugins)) return plugins;
  const disabled = plugins["disabled"] ?? [];
  if (!Array.isArray(disabled)) return plugins;
  const off = onByDefault.filter((name) => !Object.hasOwn(plugins, name));
  return { ...plugins, disabled: [...new Set([...disabled, ...off])] };
}

/** Whether a file is in that layout. */
export function isTaskclusterWorkers(content: unknown): content is { config: Values; transforms?: unknown } {
  return record.is(content) && record.is(content["config"]);
}

/** `config` after its transforms. `errors` are ends of sentences, `notices` sentences about what has no effect. */
export function ourSettings(config: Values): { settings: Values; errors: string[]; notices: string[] } {
  const settings: Record<string, unknown> = {};
  const errors = engineErrors(config);
  const notices: string[] = [];
  for (const [key, value] of Object.entries(config)) {
    const section = Object.hasOwn(sections, key) ? sections[key] : undefined;
    if (section && record.is(value)) {
      for (const [name, inner] of Object.entries(value)) {
        const ours = Object.hasOwn(section, name) ? section[name] : undefined;
        if (ours === undefined) errors.push(`${key} has the unknown setting ${JSON.stringify(name)}`);
        else if (ours !== null) settings[ours] = inner;
      }
    } else if (section) errors.push(`${key} must be an object`);
    else if (key === "plugins") settings["plugins"] = pluginsOf(value);
    else if (key === "minimumDiskSpace") {
      settings["requiredDiskSpaceMegabytes"] = typeof value === "number" ? Math.ceil(value / 1e6) : value;
    } else if (Object.hasOwn(withoutEffect, key)) notices.push(`${key} has no effect: ${withoutEffect[key]}.`);
    else if (key !== "engine" && key !== "engines") settings[key] = value;
  }
  return { settings, errors, notices };
}
