/** The transforms of a configuration in taskcluster-worker's layout that make sense here: `env`, `abs` and `secrets`. */
import { resolve } from "node:path";
import { parseJson, record } from "./kinds.ts";

/** The values of one secret, by key. Rejects with a sentence's end. `settings` are those that came before. */
export type SecretReader = (
  name: string,
  settings: Readonly<Record<string, unknown>>,
) => Promise<Record<string, unknown>>;

export interface TransformSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secret: SecretReader;
}

type Values = Readonly<Record<string, unknown>>;
/** The value in place of an object like `{$env: NAME}`; throws an Error whose message is a sentence's end. */
type Replace = (found: Values) => Promise<unknown>;

/** Names of transforms that cannot be used → why. */
const gone: Readonly<Record<string, string>> = {
  hostcredentials: "the service that gave credentials to known hosts is gone; set them in the file or the environment",
  packet: "the machines that it asked were rented ones of a provider that is gone",
};

const kinds: Readonly<Record<string, (text: string) => unknown>> = {
  string: (text) => text,
  number: (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? undefined : Number(text)),
  bool: (text) => ({ true: true, false: false })[text.toLowerCase()],
  json: (text) => {
    const value = parseJson(text);
    return value === text ? undefined : value;
  },
  list: (text) => text.split(/\s+/).filter((word) => word !== ""),
};

function fromEnvironment(env: TransformSources["env"]): Replace {
  return async ({ $env: name, type = "string" }) => {
    const text = env[String(name)];
    const kind = Object.hasOwn(kinds, String(type)) ? kinds[String(type)] : undefined;
    if (!kind) throw new Error(`has the type ${JSON.stringify(type)}, but there are ${Object.keys(kinds).join(", ")}`);
    if (text === undefined)
      throw new Error("is not in the environment of the worker, to which the starter passes only some");
    const value = kind(text);
    if (value === undefined) throw new Error(`is no ${String(type)}`);
    return value;
  };
}

function fromSecrets(read: SecretReader, settings: Values): Replace {
  const known = new Map<string, Promise<Record<string, unknown>>>();
  return async ({ $secret, key }) => {
    const name = String($secret);
    const values = known.get(name) ?? read(name, settings);
    known.set(name, values);
    const value = (await values)[String(key)];
    if (value === undefined) throw new Error(`has no key ${JSON.stringify(key)}`);
    return value;
  };
}

/** Everything below `value`, with each object that has the key `marker` replaced. */
async function replaced(value: unknown, marker: string, replace: Replace): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => replaced(item, marker, replace)));
  if (!record.is(value)) return value;
  if (Object.hasOwn(value, marker)) {
    return replace(value).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`{${marker}: ${String(value[marker])}} ${why}`);
    });
  }
  const entries = Object.entries(value).map(
    async ([key, inner]) => [key, await replaced(inner, marker, replace)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** In the order in which they are named, as there. Rejects with an Error whose message ends a sentence about the file. */
export async function transform(
  names: readonly unknown[],
  settings: Values,
  sources: TransformSources,
): Promise<Values> {
  let result = settings;
  for (const name of names) {
    const marked: Readonly<Record<string, readonly [string, Replace]>> = {
      env: ["$env", fromEnvironment(sources.env)],
      abs: ["$abs", async ({ $abs }) => resolve(String($abs))],
      secrets: ["$secret", fromSecrets(sources.secret, result)],
    };
    const known = typeof name === "string" && Object.hasOwn(marked, name) ? marked[name] : undefined;
    if (!known) {
      const why = gone[String(name)] ?? `there are ${Object.keys(marked).join(", ")}`;
      throw new Error(`the transform ${JSON.stringify(name)} cannot be used: ${why}`);
    }
    const next = await replaced(result, ...known);
    if (record.is(next)) result = next;
  }
  return result;
}
