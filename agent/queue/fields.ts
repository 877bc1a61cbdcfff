/** Parts of an answer that nobody has checked yet. */

/** A service answered something that is not what its published schema says. */
export class AnswerError extends Error {
  readonly what: string;
  constructor(what: string) {
    super(`The service's answer is not usable: ${what}.`);
    this.name = "AnswerError";
    this.what = what;
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export function object(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AnswerError(`${what} is no object`);
  return value as Fields;
}

export function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new AnswerError(`${what} is no list`);
  return value;
}

export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new AnswerError(`${name} is no text`);
  return value;
}

export function texts(fields: Fields, name: string): readonly string[] {
  return list(fields[name] ?? [], name).map((value) => {
    if (typeof value !== "string") throw new AnswerError(`${name} has an item that is no text`);
    return value;
  });
}

export function date(fields: Fields, name: string): Date {
  const value = new Date(text(fields, name));
  if (Number.isNaN(value.getTime())) throw new AnswerError(`${name} is no date`);
  return value;
}
