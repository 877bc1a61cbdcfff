/** The pieces that both payload schemas are made of. */

import { envNamePattern } from "../../shared/protocol/schemas.ts";
import { artifactNamePattern } from "../artifacts/names.ts";

export type Schema = Readonly<Record<string, unknown>>;

/** Marks a property that the dialect has and this worker does not offer; its value is the name of the feature. */
export const NOT_OFFERED = "x-notOffered";

/** On a `pattern`: what a reader is told instead of it, after "must be". */
export const MUST_BE = "x-mustBe";

/** Accepts only the value that switches the feature off: false, an empty list, or no value at all. */
export function notOffered(feature: string, off: "false" | "empty" | "absent"): Schema {
  const only: Record<typeof off, Schema> = {
    false: { type: "boolean", enum: [false] },
    empty: { type: "array", maxItems: 0 },
    absent: { not: {} },
  };
  return { [NOT_OFFERED]: feature, description: `Not offered by this worker: ${feature}.`, ...only[off] };
}

export const word: Schema = {
  type: "string",
  pattern: "^[^\\u0000]*$",
  [MUST_BE]: "a text without NUL characters",
  maxLength: 96 * 1024,
};

export const argv: Schema = { type: "array", items: word, minItems: 1, maxItems: 4000 };

export const env: Schema = {
  type: "object",
  description:
    "Environment variables of every command. Names are letters, digits and underscores and do not begin with a digit; " +
    "names that bash holds read-only (UID, EUID, PPID, …) cannot be set.",
  propertyNames: { pattern: envNamePattern },
  additionalProperties: word,
  maxProperties: 4000,
  default: {},
};

export const artifactName: Schema = {
  type: "string",
  description: "Printable ASCII, as the queue demands.",
  pattern: artifactNamePattern,
  [MUST_BE]: "1 to 1024 characters of printable ASCII",
};

export const expires: Schema = {
  type: "string",
  format: "date-time",
  description: "Not after the task's expiry, which is the default.",
};
