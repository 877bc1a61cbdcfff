/**
 * Changes one place of a JSON text and leaves the rest as it is. It works on the text and not on the value, because what
 * a value cannot hold (a key twice, -0, 1e400, a needless escape) is what a parser may trip over.
 */
import type { Random } from "./random.ts";

interface Span {
  readonly start: number;
  readonly end: number;
}
interface Places {
  /** Every value, the whole text among them. */
  readonly values: Span[];
  /** Every member of an object, with its key, and every element of an array. */
  readonly members: Span[];
  /** Behind each opening bracket. */
  readonly openings: { at: number; object: boolean }[];
}

export const hostileValues = [
  ...["null", "true", "false", "0", "-0", "-1", "-101", "1.5", "2147483648", "4294967295", "281474976710657", "5e-324"],
  ...["9007199254740993", "1e308", "1e400", "1E3", "[]", "{}", "[[]]", "[null]", '{"__proto__":{"id":1}}', '{"":0}'],
  ...[
    '""',
    '" "',
    '"0"',
    '"\\u0000"',
    '"\\n"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\u{1f98a}"',
    '"../.."',
    '"/"',
    '"//"',
  ],
  ...['"/a/../b"', '"/."', '"/\\n"', '"root"', '"__proto__"', '"constructor"', '"SIGSEGV"', '"/etc"', '"0022\\n"'],
  ...['{"length":1}', '{"toString":null}', '{"UID":"0"}', '{"A=B":"c"}', '{"A":1}', '["a\\u0000b"]', '["","é"]'],
];
const hostileKeys = ["__proto__", "constructor", "toString", "hasOwnProperty", "length", "more", "", "id", "uid", "0"];
const stringParts = [
  ...["", "\\n", "\\u0000", "\\u0041", "\\ud83e", "\\f", "/", "..", "=", " ", "A", "0", "-", "é", "\u{1f98a}"],
];

function placesOf(text: string): Places {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/y;
  const places: Places = { values: [], members: [], openings: [] };
  const open: { start: number; key: number | undefined; object: boolean }[] = [];
  const ended = (start: number, end: number): void => {
    places.values.push({ start, end });
    const around = open.at(-1);
    if (around) places.members.push({ start: around.key ?? start, end });
  };
  for (let at = 0; at < text.length; ) {
    token.lastIndex = at;
    const found = token.exec(text)?.[0];
    if (found === undefined) {
      at += 1;
      continue;
    }
    const end = at + found.length;
    const around = open.at(-1);
    if (found === "{" || found === "[") {
      open.push({ start: at, key: undefined, object: found === "{" });
      places.openings.push({ at: end, object: found === "{" });
    } else if (found === "}" || found === "]") {
      open.pop();
      if (around) ended(around.start, end);
    } else if (found === ",") {
      if (around) around.key = undefined;
    } else if (around?.object && around.key === undefined) {
      around.key = at;
    } else if (found !== ":") {
      ended(at, end);
    }
    at = end;
  }
  return places;
}

function nearby(value: string, random: Random): string {
  const number = Number(value);
  if (value.startsWith('"')) {
    const at = 1 + random.below(value.length - 1);
    const cut = random.oneIn(3) ? Math.min(value.length - 1, at + 1) : at;
    return value.slice(0, at) + random.pick(stringParts) + value.slice(cut);
  }
  if (Number.isNaN(number)) return random.pick(hostileValues);
  return random.pick([number + 1, number - 1, -number, number * 10, number + 0.5, number * 2 ** 31]).toString();
}

/** The text with one value replaced, one member removed, added or repeated, or one string or number changed a little. */
export function changeJson(text: string, random: Random, spare: readonly string[] = hostileValues): string {
  const { values, members, openings } = placesOf(text);
  if (values.length === 0) return random.pick(spare);
  const value = random.pick(values);
  const put = (by: string, { start, end }: Span = value): string => text.slice(0, start) + by + text.slice(end);
  const choice = random.below(8);
  if (choice === 0 && members.length > 0) {
    const { start, end } = random.pick(members);
    const [before, after] = [text[start - 1] === ",", text[end] === ","];
    return put("", after ? { start, end: end + 1 } : { start: before ? start - 1 : start, end });
  }
  if (choice === 1 && openings.length > 0) {
    const { at, object } = random.pick(openings);
    const member = `${object ? `${JSON.stringify(random.pick(hostileKeys))}:` : ""}${random.pick(spare)}`;
    return put(/^\s*[}\]]/.test(text.slice(at, at + 8)) ? member : `${member},`, { start: at, end: at });
  }
  if (choice === 2 && members.length > 0) {
    const { start, end } = random.pick(members);
    return put(`,${text.slice(start, end)}`, { start: end, end });
  }
  if (choice === 3) {
    const other = random.pick(values);
    return put(text.slice(other.start, other.end));
  }
  if (choice <= 5) return put(random.pick(spare));
  return put(nearby(text.slice(value.start, value.end), random));
}
