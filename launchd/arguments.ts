/** The command line of one command of launchd/, read by node:util's parseArgs with our own words for what is wrong. */
import { parseArgs } from "node:util";
import { exitStatus } from "../shared/exit-status.ts";
import type { Grammar } from "../shared/grammar.ts";
import { Refusal } from "./refusal.ts";

export interface Arguments {
  readonly operands: readonly string[];
  /** The values of the options that take one. */
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
}

/** Throws Refusal `usage` with one sentence. `--help` is known to every command. */
export function parseArguments({ command, operands, options }: Grammar, argv: readonly string[]): Arguments {
  const refuse = (problem: string): never => {
    throw new Refusal(exitStatus.usage, `${problem}; see './taskcluster-worker ${command} --help'`);
  };
  const kinds = Object.entries(options).map(([name, { value }]) => [
    name,
    { type: value === undefined ? ("boolean" as const) : ("string" as const) },
  ]);
  const config = { args: [...argv], allowPositionals: true, tokens: true, strict: false } as const;
  const { tokens } = parseArgs({
    ...config,
    options: { ...Object.fromEntries(kinds), help: { type: "boolean", short: "h" } },
  });
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const option = token.name === "help" ? { help: "" } : Object.hasOwn(options, token.name) && options[token.name];
    if (!option) return refuse(`there is no option "${token.rawName}"`);
    if (values.has(token.name) || flags.has(token.name)) return refuse(`--${token.name} is given twice`);
    if (!("value" in option) || option.value === undefined) {
      if (token.value !== undefined) return refuse(`--${token.name} takes no value`);
      flags.add(token.name);
    } else if (!token.value || (!token.inlineValue && token.value.startsWith("-"))) {
      return refuse(`--${token.name} needs a value: --${token.name} ${option.value}`);
    } else {
      values.set(token.name, token.value);
    }
  }
  const missing = operands[words.length];
  if (missing !== undefined && !flags.has("help")) return refuse(`${missing} is missing`);
  if (words.length > operands.length) return refuse(`"${words[operands.length]}" is one argument too many`);
  return { operands: words, values, flags };
}
