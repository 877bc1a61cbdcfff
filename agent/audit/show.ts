/** Entries as lines for people and for programs, in ASCII: nothing in them steers a terminal. */
import type { Entry } from "./entry.ts";

function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function word(value: unknown): string {
  if (typeof value === "string" && /^[\w./:@%+,-]+$/.test(value)) return value;
  if (Array.isArray(value)) return value.map(word).join(" ");
  return ascii(JSON.stringify(value));
}

/** The time as the logs of tasks have it; one that no calendar has as its number. */
function timeOf({ time }: Entry): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? `${time}` : date.toISOString();
}

/** One line, and one before it when entries are missing there. */
export function readable(entry: Entry): string {
  const details = Object.entries(entry.details).map(([key, value]) => `${word(key)}=${word(value)}`);
  const line = [timeOf(entry), word(entry.action).padEnd(18), ...details].join(" ").trimEnd();
  const gap = `${timeOf(entry)} gap: ${entry.lost} entries before the next one could not be written\n`;
  return `${entry.lost > 0 ? gap : ""}${line}\n`;
}

/** The entry as it was written. */
export function asJson({ time, prev, action, lost, details }: Entry): string {
  return `${ascii(JSON.stringify({ time, prev, action, ...(lost > 0 ? { lost } : {}), ...details }))}\n`;
}
