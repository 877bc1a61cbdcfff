/** Turns ajv's errors about a payload into sentences that quote `task.payload.<path>`; about settings, their path. */
import type { ErrorObject } from "ajv";
import { readOnlyNames } from "../../shared/protocol/schemas.ts";
import { nearest } from "../nearest.ts";
import { MUST_BE, NOT_OFFERED } from "./schema-parts.ts";

/** `/command/0/1` → `task.payload.command[0][1]`. */
function place(pointer: string, root: string): string {
  const steps = pointer.split("/").slice(1);
  return steps.reduce((path, step) => {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (/^\d+$/.test(name)) return `${path}[${name}]`;
    return /^[A-Za-z_]\w*$/.test(name) ? `${path}.${name}` : `${path}[${quote(name)}]`;
  }, root);
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** Characters, items or properties. */
function sizeOf(value: unknown): number {
  return typeof value === "string" ? [...value].length : Object.keys(Object(value)).length;
}

/** A value as a reader may have meant it: lists and objects can be long. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : quote(value);
}

const wanted: Record<string, string> = {
  array: "a list",
  object: "an object",
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
};

/** Nobody reads more of them, and a payload can have very many properties. */
const mostHints = 20;

function badName(path: string, name: string): string {
  const readOnly = readOnlyNames.some((each) => each === name);
  const why = readOnly
    ? "bash holds it read-only"
    : "names are letters, digits and underscores, at most 256, and do not begin with a digit";
  return `${path} has the name ${quote(name)}, which no command can be given as an environment variable: ${why}.`;
}

/** The names of properties that can have a value of use. */
function offered(properties: object): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => (NOT_OFFERED in Object(schema) ? [] : name));
}

/** How to do without a feature that is not offered. */
function withoutIt(schema: object): string {
  if ("enum" in schema) return "leave it out, or say false";
  return "maxItems" in schema ? "leave it out, or say []" : "leave it out";
}

function unknownProperty(path: string, name: string, known: readonly string[], hint: boolean): string {
  const unknown = `${path} has the unknown property ${quote(name)}`;
  if (!hint) return `${unknown}.`;
  const meant = nearest(name, known);
  return meant ? `${unknown}; did you mean ${quote(meant)}?` : `${unknown}; known are ${known.join(", ")}.`;
}

/** `hint`: whether to look for the property that an unknown one may have been meant to be. */
function sentence(error: ErrorObject, root: string, hint: boolean): string | null {
  const path = place(error.instancePath, root);
  const { params, parentSchema = {} } = error;
  const feature: unknown = parentSchema[NOT_OFFERED];
  if (typeof feature === "string") {
    return `${path} asks for ${feature}, which this worker does not offer; ${withoutIt(parentSchema)}.`;
  }
  switch (error.keyword) {
    case "additionalProperties": {
      const known = offered(Object(parentSchema["properties"]));
      return unknownProperty(path, String(params["additionalProperty"]), known, hint);
    }
    case "required":
      // The branches of "command or link": the anyOf around them says it in one sentence.
      return error.schemaPath.includes("anyOf")
        ? null
        : `${path} needs the property ${quote(params["missingProperty"])}.`;
    case "dependencies":
      return `${path}.${params["property"]} is only for payloads with ${params["deps"]}.`;
    case "anyOf":
      return error.instancePath === ""
        ? `${path} needs a "command" or a "link".`
        : `${path} must be seconds, or a text like "1 hour 30 minutes", not ${quote(error.data)}.`;
    case "propertyNames":
      return badName(path, String(params["propertyName"]));
    case "type":
      return error.schemaPath.includes("anyOf")
        ? null
        : `${path} must be ${wanted[String(params["type"])] ?? params["type"]}, not ${shown(error.data)}.`;
    case "enum":
      return `${path} must be one of ${[params["allowedValues"]].flat().map(quote).join(", ")}, not ${quote(error.data)}.`;
    case "minItems":
      return `${path} must have at least ${params["limit"]} item, and has none.`;
    case "maxItems":
      return `${path} must have at most ${params["limit"]} items, and has ${sizeOf(error.data)}.`;
    case "minimum":
      return error.schemaPath.includes("anyOf")
        ? null
        : `${path} must be at least ${params["limit"]}, not ${quote(error.data)}.`;
    case "maxLength":
      return error.schemaPath.includes("anyOf")
        ? null
        : `${path} must have at most ${params["limit"]} characters, and has ${sizeOf(error.data)}.`;
    case "maxProperties":
      return `${path} must have at most ${params["limit"]} properties, and has ${sizeOf(error.data)}.`;
    case "minLength":
      return `${path} must not be empty.`;
    case "format":
      return `${path} must be a ${params["format"] === "uri" ? "URL" : "date like 2030-01-31T12:00:00.000Z"}, not ${quote(error.data)}.`;
    case "uniqueItems":
      return `${path} must not have two items alike: items ${params["j"]} and ${params["i"]} are.`;
    case "pattern":
      if (error.propertyName !== undefined || error.schemaPath.includes("anyOf")) return null;
      return `${path} must be ${parentSchema[MUST_BE] ?? `a text that matches ${params["pattern"]}`}, not ${quote(error.data)}.`;
    default:
      return `${path} ${error.message ?? "is not as the schema says"}.`;
  }
}

/** Of those below only a slip of the pen is answered with a question. */
const asksWhatWasMeant = (sentence: string): boolean => sentence.endsWith("?");

/**
 * One sentence each, without repetition, first those that ask what was meant: a slip of the pen is often why something else
 * is missing. Never empty for what ajv refused. `root` names the whole.
 */
export function explain(errors: readonly ErrorObject[], root = "task.payload"): string[] {
  const sentences = new Set<string>();
  for (const error of errors) {
    const text = sentence(error, root, sentences.size < mostHints);
    if (text !== null) sentences.add(text);
  }
  const slips = [...sentences].filter(asksWhatWasMeant);
  return sentences.size > 0 ? [...new Set([...slips, ...sentences])] : [`${root} is not as the schema says.`];
}
