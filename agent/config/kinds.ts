/** The kinds of values that settings have, and how a text from the environment becomes one. */
import { isIP } from "node:net";

export interface Kind<T> {
  /** Ends the sentence "<name> must be …". */
  readonly mustBe: string;
  is(value: unknown): value is T;
  /** From a flag or the environment; what it returns is checked with `is`. */
  fromText(text: string): unknown;
  /** Sentences about a value that is none, where "must be …" would not help. */
  explain?(value: unknown): string[];
}

export function text(mustBe: string, accepts: (value: string) => boolean): Kind<string> {
  return {
    mustBe,
    is: (value): value is string => typeof value === "string" && (value === "" || accepts(value)),
    fromText: (value) => value,
  };
}

export function matching(mustBe: string, pattern: RegExp): Kind<string> {
  return text(mustBe, (value) => pattern.test(value));
}

export function number(least: number, most: number, whole: boolean): Kind<number> {
  return {
    mustBe: `a ${whole ? "whole " : ""}number from ${least} to ${most}`,
    is: (value): value is number =>
      typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value)),
    fromText: (value) => (/^\d+(\.\d+)?$/.test(value) ? Number(value) : value),
  };
}

export const boolean: Kind<boolean> = {
  mustBe: "true or false",
  is: (value): value is boolean => typeof value === "boolean",
  fromText: (value) => (value === "true" || value === "false" ? value === "true" : value),
};

export const record: Kind<Record<string, unknown>> = {
  mustBe: "an object",
  is: (value): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value),
  fromText: parseJson,
};

export function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

export const anyText = text("a text", () => true);
export const ipAddress = text("an IP address", (value) => isIP(value) !== 0);
export const identifier = matching("1 to 38 letters, digits, - or _", /^[A-Za-z0-9_-]{1,38}$/);
export const port = number(0, 65_535, true);
