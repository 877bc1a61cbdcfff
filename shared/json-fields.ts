/** The fields of a value that may be no object. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(value ?? {}));
}

/** The fields of a JSON document; null when the text is none. */
export function fieldsOfJson(text: string): ReadonlyMap<string, unknown> | null {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return null;
  }
}
