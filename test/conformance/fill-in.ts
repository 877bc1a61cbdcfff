/** What a case cannot know when it is written: dates, and the address of its files. */

/** `<30 minutes from now>` in any text becomes a date, `<files>` the address. */
export function fillIn<T>(value: T, now: number, files: string): T {
  return filled(value, now, files) as T; // checked: texts become texts, and nothing else changes
}

function filled(value: unknown, now: number, files: string): unknown {
  if (typeof value === "string") {
    return value
      .replace(/<(\d+) minutes from now>/g, (_, minutes) => new Date(now + Number(minutes) * 60_000).toISOString())
      .replaceAll("<files>", files);
  }
  if (Array.isArray(value)) return value.map((each) => filled(each, now, files));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, now, files)]));
}
