/** The parts of the manual pages in docs/man/ that are made from code. */
import { commands } from "../../agent/cli/commands.ts";
import { exitStatusLines } from "../../agent/cli/exit-status.ts";
import { workEnds } from "../../agent/cli/work-ends.ts";
import type { Grammar, Option } from "../../shared/grammar.ts";
import { rootSchemas } from "../../shared/protocol/root-schemas.ts";
import { prose, sentence, tagList, word } from "./mdoc.ts";
import { rowsOf, sectionOf, textOf } from "./pages.ts";

function flagOf([name, { value, short }]: readonly [string, Option]): string {
  const both = [...(short ? [`Fl ${short}`] : []), `Fl ${word(`-${name}`)}`].join(" , ");
  return value === undefined ? both : `${both} Ar ${value}`;
}

function operandOf({ operands, optionalFrom = operands.length }: Grammar, index: number): string {
  const name = operands[index] ?? "";
  const plain = name.replace("…", " ...");
  const macro = name === name.toUpperCase() ? `Ar ${plain}` : `Cm ${plain.replaceAll("|", " | ")}`;
  return index < optionalFrom ? `.${macro}` : `.Op ${macro}`;
}

/** Every command under a heading of its own. */
export function commandsMan(): string {
  const blocks = Object.values(commands).map(({ grammar, summary }) => {
    const options = Object.entries(grammar.options);
    const synopsis = [
      ...[`.Ss ${word(grammar.command)}`, ".Nm", `.Cm ${word(grammar.command)}`],
      ...options.map((option) => `.Op ${flagOf(option).replace(" , ", " | ")}`),
      ...grammar.operands.map((_, index) => operandOf(grammar, index)),
    ];
    const list = tagList(options.map((option) => [flagOf(option), prose(option[1].help)]));
    return [...synopsis, ".Pp", sentence(summary), ...(options.length > 0 ? [list] : [])].join("\n");
  });
  return blocks.join("\n");
}

export function exitStatusMan(): string {
  const rows = exitStatusLines().map((line) => {
    const [, code = "", meaning = ""] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return [code, sentence(meaning)] as const;
  });
  return tagList(rows);
}

export function workEndsMan(): string {
  return tagList(Object.values(workEnds).map(({ work, run, meaning }) => [`${work} , ${run}`, sentence(meaning)]));
}

/** Keys whose values are described by a pattern: in words, with values that it takes and some that it refuses. */
export const patterns: Readonly<Record<string, { words: string; takes: unknown[]; refuses: unknown[] }>> = {
  sessionUser: {
    words: "the name of an account, of at most 64 letters, digits, _, . and -, or the empty text",
    takes: ["", "ci", "First.Last", "_mac-1", `a${"b".repeat(63)}`],
    refuses: ["1ci", "-ci", ".ci", `a${"b".repeat(64)}`, "a b"],
  },
  umask: { words: "four octal digits with a 0 first", takes: ["0022", "0777"], refuses: ["022", "1022", "0028"] },
  tasksDir: {
    words: "an absolute path of at most 8 names of letters, digits, _, . and -, 64 at most of each",
    takes: ["/Users", "/Volumes/tasks", "/a/b/c/d/e/f/g/h", `/${"a".repeat(64)}`],
    refuses: ["Users", "/", "/a/../b", "/a b", "/a/b/c/d/e/f/g/h/i", "/Users/", `/${"a".repeat(65)}`],
  },
  dscl: {
    words: "an absolute path of at most 16 such names",
    takes: ["/usr/bin/dscl", `${"/a".repeat(16)}`],
    refuses: ["dscl", `${"/a".repeat(17)}`],
  },
  launchctl: {
    words: "such a path, or the empty text",
    takes: ["", "/bin/launchctl"],
    refuses: ["launchctl", "/", " ", "/a/../b"],
  },
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a key of helper.json may be. Throws for a kind of value that has no words yet. */
export function boundsOf(name: string, schema: unknown): string {
  if (!isObject(schema)) throw new Error(`${name} has no schema`);
  const { type, minimum, maximum, minItems, maxItems, items, properties } = schema;
  if (type === "boolean") return "true or false";
  if (type === "integer") return `a whole number from ${minimum} to ${maximum}`;
  if (type === "array" && minItems === maxItems) return `a list of ${maxItems}, each ${boundsOf(name, items)}`;
  if (type === "object" && isObject(properties)) {
    const parts = Object.entries(properties).map(([key, each]) => `\`${key}\`, ${boundsOf(key, each)}`);
    return `an object with ${parts.join("; and ")}`;
  }
  const pattern = patterns[name];
  if (type !== "string" || !pattern) throw new Error(`${name} needs words for its values: test/docs/manual-pages.ts`);
  return pattern.words;
}

/** The keys of helper.json with their schemas. */
export function helperKeys(): [name: string, schema: Readonly<Record<string, unknown>>][] {
  const properties = rootSchemas["config"]?.["properties"];
  if (!isObject(properties)) throw new Error("helper.json has no schema");
  return Object.entries(properties).map(([name, schema]) => [name, isObject(schema) ? schema : {}]);
}

/** What docs/configuration.md says of each key, with its bounds and its default from the schema. */
export function helperKeysMan(): string {
  const section = sectionOf(textOf("docs/configuration.md"), "## The helper: `helper.json`");
  const rows = new Map(
    rowsOf(section).map(([name = "", standard = "", meaning = ""]) => [name, { standard, meaning }]),
  );
  const items = helperKeys().map(([name, schema]) => {
    const { default: value } = schema;
    const standard = value === undefined ? (rows.get(name)?.standard ?? "") : `\`${JSON.stringify(value)}\``;
    const lines = [
      sentence(rows.get(name)?.meaning ?? ""),
      sentence(boundsOf(name, schema)),
      prose(`Default: ${standard}.`),
    ];
    return [`Va ${word(name)}`, lines.join("\n")] as const;
  });
  return tagList(items);
}
