/** Makes values that a schema of shared/protocol/ describes, with a liking for the ends of each range. */
import type { Schema } from "../../shared/protocol/schemas.ts";
import type { Random } from "./random.ts";

const hex = "0123456789abcdef".repeat(4);
const guid = "01234567-89AB-4DEF-8123-456789ABCDEF";
/** For each pattern those of these that fit it. A pattern that none fits is an error: give it one here. */
const strings = [
  ...["", "a", "0022", "0777", "/", "/tmp", "/home", "/usr/bin/dscl", `/${"a".repeat(64)}`, "/a b/é", "_s", "SIGTERM"],
  ...[
    hex.slice(0, 32),
    hex,
    guid,
    "tcw-abcdefgh",
    "tcw-22222222",
    "_tcworker",
    "install",
    "1 Mon Nov 23 18:00:00 2026",
  ],
  ...[
    "PATH",
    "_",
    "A1",
    "UIDS",
    "--help",
    "$(id)",
    "a\nb",
    "é\u{1f98a}",
    "x".repeat(300),
    "/b".repeat(16),
    "__proto__",
  ],
];
const fitting = new Map<string, readonly string[]>();

function stringFor(pattern: string, random: Random): string {
  let list = fitting.get(pattern);
  if (!list) {
    const expression = new RegExp(pattern, "u");
    list = strings.filter((text) => expression.test(text));
    fitting.set(pattern, list);
  }
  return random.pick(list);
}

function integerOf({ minimum = 0, maximum = 2 ** 31 }: { minimum?: number; maximum?: number }, random: Random): number {
  const ends = [minimum, maximum, minimum + 1, Math.floor((minimum + maximum) / 2)];
  return random.oneIn(2) ? random.pick(ends) : minimum + random.below(Math.min(maximum - minimum + 1, 2 ** 32));
}

/** Throws on a schema that uses what the schemas of shared/protocol/ did not use. */
export function valueFor(schema: Schema, random: Random): unknown {
  const known = schema as {
    type?: string;
    const?: unknown;
    enum?: unknown[];
    pattern?: string;
    properties?: Record<string, Schema>;
    required?: string[];
    propertyNames?: { pattern: string };
    additionalProperties?: Schema | false;
    items?: Schema;
    minItems?: number;
    maxItems?: number;
    nullable?: boolean;
  }; // checked: this is the project's own table, and an unknown type throws below.
  if (known.const !== undefined) return known.const;
  if (known.enum) return random.pick(known.enum);
  if (known.nullable && random.oneIn(4)) return null;
  switch (known.type) {
    case "boolean":
      return random.oneIn(2);
    case "integer":
      return integerOf(schema, random);
    case "string":
      return stringFor(known.pattern ?? "", random);
    case "array": {
      const most = Math.min(known.maxItems ?? 3, 3);
      const length = Math.max(known.minItems ?? 0, random.below(most + 1));
      return Array.from({ length }, () => valueFor(known.items ?? {}, random));
    }
    case "object": {
      const entries = Object.entries(known.properties ?? {}).filter(
        ([name]) => known.required?.includes(name) || random.oneIn(2),
      );
      if (known.propertyNames && known.additionalProperties) {
        for (let left = random.below(3); left > 0; left -= 1) {
          entries.push([stringFor(known.propertyNames.pattern, random), known.additionalProperties]);
        }
      }
      return Object.fromEntries(entries.map(([name, inner]) => [name, valueFor(inner, random)]));
    }
    default:
      throw new Error(`no values are made for the type ${known.type}`);
  }
}
