/** The generated validators. An input is a validator's name, a space and a JSON text. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { rootSchemas } from "../../../shared/protocol/root-schemas.ts";
import { clientSchemas, type Schema } from "../../../shared/protocol/schemas.ts";
import * as generated from "../../../shared/protocol/validators.js";
import { valueFor } from "../from-schema.ts";
import { changeJson, hostileValues } from "../json-text.ts";
import { isValid } from "../judge.ts";
import type { Random } from "../random.ts";
import type { Target } from "../target.ts";

const schemas: Record<string, Schema> = { ...clientSchemas, ...rootSchemas };
export const validatorNames = Object.keys(schemas);
const verdicts: Record<string, (data: unknown) => boolean> = { ...generated };
const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true, useDefaults: true });
const atRunTime = new Map(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]));
/** Strings at the length limits, and lists at theirs. Rare: each costs as much as hundreds of others. */
const large = [
  ...[4096, 4097].flatMap((count) => [JSON.stringify(Array(count).fill("a")), JSON.stringify(manyNames(count))]),
  ...[1022, 1023, 98_304, 98_305].map((length) => JSON.stringify(`/${"x".repeat(length)}`)),
];

function manyNames(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`A${index}`, ""]));
}

/** What a schema names, and what is just outside: the ends of its ranges, the strings of its lists. */
function nearOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, limit]) => {
    if (typeof limit === "number") return [limit - 1, limit, limit + 1].map(String);
    return keyword === "enum"
      ? [...limit, "SIGSEGV", "PLANNED"].map((each: unknown) => JSON.stringify(each))
      : nearOf(limit);
  });
}
const near = new Map(Object.entries(schemas).map(([name, schema]) => [name, [...nearOf(schema), "null", '""']]));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function changed(name: string, json: string, random: Random): string {
  const spare = random.oneIn(3000) ? large : random.oneIn(2) ? hostileValues : (near.get(name) ?? hostileValues);
  const text = changeJson(json, random, spare);
  return isJson(text) ? text : JSON.stringify(JSON.parse(random.pick(hostileValues)));
}

/** A valid message or file with so many changes. */
function made(changes: number, random: Random): Buffer {
  const name = random.pick(validatorNames);
  let json = JSON.stringify(valueFor(schemas[name] ?? {}, random));
  for (let left = changes; left > 0; left -= 1) json = changed(name, json, random);
  return Buffer.from(`${name} ${json}`);
}

function split(input: Buffer): [string, string] {
  const text = input.toString("utf8");
  const space = text.indexOf(" ");
  return [text.slice(0, space), text.slice(space + 1)];
}

/** Own keys of both, with the values of the first. */
function sameKeys(value: object, keys: object): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => Object.hasOwn(keys, key)));
}

/** A validator may fill in the defaults of absent keys, and change nothing else. */
function changedMore(schema: Schema, before: unknown, after: unknown): boolean {
  if (typeof before !== "object" || before === null || typeof after !== "object" || after === null) {
    return !Object.is(before, after);
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return false;
  const added = Object.entries(after).filter(([key]) => !Object.hasOwn(before, key));
  const defaults: Record<string, Schema> = Object(schema["properties"]);
  return (
    JSON.stringify(sameKeys(after, before)) !== JSON.stringify(before) ||
    added.some(([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]?.["default"]))
  );
}

export const validators: Target = {
  tokens: hostileValues,

  make(random) {
    return made(random.below(3), random);
  },

  change(input, random) {
    const [name, json] = split(input);
    // Most of what was kept is wrong in some way: what is wrong in one way only is made anew.
    return json.length > 4096 || random.oneIn(2)
      ? made(1, random)
      : Buffer.from(`${name} ${changed(name, json, random)}`);
  },

  run(input) {
    const [name, json] = split(input);
    const [validate, compiled, schema] = [verdicts[name], atRunTime.get(name), schemas[name]];
    if (!validate || !compiled || !schema || !isJson(json)) return;
    const [value, other, untouched]: unknown[] = [JSON.parse(json), JSON.parse(json), JSON.parse(json)];
    const verdict = validate(value);
    if (verdict !== compiled(other)) throw new Error(`${name}: generated ${verdict}, ajv at run time ${!verdict}`);
    if (verdict !== isValid(schema, untouched)) throw new Error(`${name}: ${verdict}, but the schema says ${!verdict}`);
    if (JSON.stringify(value) !== JSON.stringify(other)) throw new Error(`${name}: the two filled in differently`);
    if (changedMore(schema, untouched, value)) throw new Error(`${name}: the value was changed`);
    if (Object.keys(Object.prototype).length > 0) throw new Error(`${name} has changed Object.prototype`);
  },
};
