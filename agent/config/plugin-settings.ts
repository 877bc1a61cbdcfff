/** The settings of plugins: under `plugins`, by taskcluster-worker's names. docs/plugins.md describes each. */
import { Ajv, type ErrorObject } from "ajv";
import { type Duration, duration } from "../payload/duration.ts";
import { explain } from "../payload/explain.ts";
import { env, MUST_BE, type Schema } from "../payload/schema-parts.ts";
import type { Kind } from "./kinds.ts";

export const pluginNames = [
  "artifacts",
  "cache",
  "env",
  "interactive",
  "livelog",
  "logprefix",
  "maxruntime",
  "reboot",
  "relengapi",
  "stoponerror",
  "success",
  "tasklog",
  "tcproxy",
  "watchdog",
] as const;
export type PluginName = (typeof pluginNames)[number];
/** A task whose commands failed is a failed task, always. */
type Optional = Exclude<PluginName, "success">;

export interface PluginSettings {
  /** Off for payloads in taskcluster-worker's dialect. */
  readonly disabled?: readonly Optional[];
  readonly env?: { readonly extra?: Readonly<Record<string, string>> };
  readonly interactive?: {
    readonly artifactPrefix?: string;
    readonly forbidCustomArtifactPrefix?: boolean;
    readonly alwaysEnabled?: boolean;
    readonly disableShell?: boolean;
  };
  /** On when it is there. */
  readonly logprefix?: Readonly<Record<string, string>>;
  readonly maxruntime?: { readonly maxRunTime: Duration; readonly perTaskLimit: "require" | "allow" | "forbid" };
  readonly reboot?: { readonly maxLifeCycle?: Duration; readonly taskLimit?: number };
  /** On when it is there. */
  readonly stoponerror?: object;
  /** Beside live logs when it is there. */
  readonly tasklog?: object;
  /** On when it is there. */
  readonly watchdog?: { readonly timeout?: Duration };
}

function closed(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

const text: Schema = { type: "string" };
const artifactPrefix: Schema = {
  type: "string",
  pattern: "^(?!public/)[\\x20-\\x2e\\x30-\\x7e][\\x20-\\x7e]*/$",
  maxLength: 255,
};
const yesOrNo: Schema = { type: "boolean" };

const sections: Readonly<Record<PluginName, Schema>> = {
  artifacts: closed({ privateKey: text }),
  cache: closed({ maxPurgeCacheDelay: duration, purgeCacheBaseUrl: text }),
  env: closed({ extra: { ...env, description: "Environment variables of every task, which its payload may change." } }),
  interactive: closed({
    ...{ artifactPrefix, forbidCustomArtifactPrefix: yesOrNo, alwaysEnabled: yesOrNo },
    ...{ disableShell: yesOrNo, disableDisplay: yesOrNo, shellToolUrl: text, displayToolUrl: text },
  }),
  livelog: closed({}),
  logprefix: { type: "object", additionalProperties: { type: "string", maxLength: 1000 }, maxProperties: 100 },
  maxruntime: closed({ maxRunTime: duration, perTaskLimit: { type: "string", enum: ["require", "allow", "forbid"] } }, [
    "maxRunTime",
    "perTaskLimit",
  ]),
  reboot: closed({
    ...{ maxLifeCycle: duration, taskLimit: { type: "integer", minimum: 0 }, allowTaskReboots: yesOrNo },
    rebootCommand: { type: "array", items: text },
  }),
  relengapi: closed({ domain: text, token: text }),
  stoponerror: closed({}),
  success: closed({}),
  tasklog: closed({}),
  tcproxy: closed({}),
  watchdog: closed({ timeout: duration }),
};

export const pluginSettingsSchema: Schema = closed({
  disabled: { type: "array", items: { type: "string", enum: pluginNames.filter((name) => name !== "success") } },
  ...sections,
});

const validate = new Ajv({
  keywords: [MUST_BE],
  allErrors: true,
  verbose: true,
  strictTypes: false,
  strictRequired: false,
}).compile<PluginSettings>(pluginSettingsSchema);

const never = "this worker never restarts the machine";
const withoutEffect: Readonly<Record<string, string>> = {
  "artifacts.privateKey": "this version has no chain of trust",
  cache: "this version has no caches; tasks that ask for one are malformed-payload",
  "interactive.displayToolUrl": "tasks have no screen, so there is never a display",
  "interactive.shellToolUrl": "the worker serves the page of its shells itself",
  "reboot.allowTaskReboots": never,
  "reboot.rebootCommand": never,
  relengapi: "its service is gone",
  tcproxy: "this version has no proxy",
};

/** A sentence for each setting that is accepted and does nothing. */
export function idleSettings(settings: PluginSettings): string[] {
  const given = new Map(
    Object.entries(settings).flatMap(([plugin, section]) => [
      [plugin, section],
      ...Object.entries(Object(section)).map(([key, value]) => [`${plugin}.${key}`, value] as const),
    ]),
  );
  return Object.entries(withoutEffect).flatMap(([name, why]) =>
    given.has(name) && given.get(name) !== false ? [`plugins.${name} has no effect: ${why}.`] : [],
  );
}

export const pluginSettings: Kind<PluginSettings> = {
  mustBe: "an object",
  is: (value): value is PluginSettings => validate(value),
  fromText: (value) => value,
  explain: (value) => {
    validate(value);
    const errors: readonly ErrorObject[] = validate.errors ?? [];
    return explain(errors, "plugins");
  },
};
