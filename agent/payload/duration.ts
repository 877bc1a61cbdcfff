/** Durations as taskcluster-worker takes them, in payloads and in settings: seconds, or a text like "1 hour 30 minutes". */
import type { Schema } from "./schema-parts.ts";

export type Duration = number | string;

/** Each run of spaces has one place where it can match: the pattern is asked even of a text that is too long. */
const pattern =
  "^\\s*(?:(\\d{1,6})\\s*(?:days?|d)\\s*)?(?:(\\d{1,6})\\s*(?:hours?|hr|h)\\s*)?(?:(\\d{1,6})\\s*(?:minutes?|min|m)\\s*)?$";

export const duration: Schema = {
  anyOf: [
    { type: "integer", minimum: 0 },
    { type: "string", pattern, maxLength: 64 },
  ],
};

/** Of a duration that the schema has accepted. */
export function secondsOf(accepted: Duration): number {
  if (typeof accepted === "number") return accepted;
  const [, days = "0", hours = "0", minutes = "0"] = new RegExp(pattern).exec(accepted) ?? [];
  return Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60;
}
