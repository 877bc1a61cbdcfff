/**
 * A third opinion on the schemas: ajv at run time and ajv's generated code have the same author. It reads the schema each
 * time, knows only the keywords that shared/protocol/ uses, and throws on another one.
 */
import type { Schema } from "../../shared/protocol/schemas.ts";

type Check = (limit: never, value: unknown, schema: Schema) => boolean;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
const patterns = new Map<string, RegExp>();

function patternOf(source: string): RegExp {
  const known = patterns.get(source) ?? new RegExp(source, "u");
  patterns.set(source, known);
  return known;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

const checks: Record<string, Check> = {
  type: (type: string | string[], value, { nullable }) =>
    (typeof type === "string" ? type === typeOf(value) : type.includes(typeOf(value))) ||
    (nullable === true && value === null),
  const: (only: unknown, value) => value === only,
  enum: (list: unknown[], value) => list.includes(value),
  minimum: (least: number, value) => typeof value !== "number" || value >= least,
  maximum: (most: number, value) => typeof value !== "number" || value <= most,
  pattern: (source: string, value) => typeof value !== "string" || patternOf(source).test(value),
  minItems: (least: number, value) => !Array.isArray(value) || lengthOf(value) >= least,
  maxItems: (most: number, value) => lengthOf(value) <= most,
  items: (inner: Schema, value) => !Array.isArray(value) || value.every((item) => isValid(inner, item)),
  maxProperties: (most: number, value) => !isObject(value) || Object.keys(value).length <= most,
  propertyNames: (inner: Schema, value) => !isObject(value) || Object.keys(value).every((name) => isValid(inner, name)),
  required: (names: string[], value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  properties: (inner: Record<string, Schema>, value) =>
    !isObject(value) ||
    Object.entries(inner).every(([name, each]) => !Object.hasOwn(value, name) || isValid(each, value[name])),
  additionalProperties: (inner: Schema | false, value, { properties }) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([name, each]) => Object.hasOwn(Object(properties), name) || (inner !== false && isValid(inner, each)),
    ),
  nullable: () => true,
  default: () => true,
};

export function isValid(schema: Schema, value: unknown): boolean {
  for (const [keyword, limit] of Object.entries(schema)) {
    const check = checks[keyword];
    if (!check) throw new Error(`the keyword ${keyword} is unknown here`);
    if (!check(limit as never, value, schema)) return false; // checked: the table's own keyword and its limit.
  }
  return true;
}
