/** The command line of one command, read by node:util's parseArgs with our own words for what is wrong. */
import { parseArgs } from "node:util";
import type { Grammar, Option } from "../../shared/grammar.ts";
import { didYouMean } from "./did-you-mean.ts";
import { CommandError, exitStatus } from "./exit-status.ts";

export interface Arguments {
  readonly operands: readonly string[];
  /** The values of the options that take one. */
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
}

function usage(grammar: Grammar, problem: string): CommandError {
  return new CommandError(exitStatus.usage, `${problem}; see './taskcluster-worker ${grammar.command} --help'`);
}

/** Throws CommandError `usage` with one sentence. `--help` is known to every command. */
export function parseArguments(grammar: Grammar, argv: readonly string[]): Arguments {
  const options: Readonly<Record<string, Option>> = { ...grammar.options, help: { short: "h", help: "" } };
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? ("boolean" as const) : ("string" as const), ...(short ? { short } : {}) },
      ]),
    ),
  });
  const operands: string[] = [];
  const values = new Map<string, string>();
  const flags = new Set<string>();
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) {
      const known = Object.keys(options).map((name) => `--${name}`);
      throw usage(grammar, `there is no option "${token.rawName}"${didYouMean(token.rawName, known)}`);
    }
    if (values.has(token.name) || flags.has(token.name)) throw usage(grammar, `--${token.name} is given twice`);
    if (option.value === undefined) {
      if (token.value !== undefined) throw usage(grammar, `--${token.name} takes no value`);
      flags.add(token.name);
    } else if (token.value === undefined || token.value === "" || (!token.inlineValue && /^-./.test(token.value))) {
      throw usage(grammar, `${token.rawName} needs a value: ${token.rawName} ${option.value}`);
    } else {
      values.set(token.name, token.value);
    }
  }
  if (flags.has("help")) return { operands, values, flags };
  const missing = grammar.operands[operands.length];
  if (missing !== undefined && operands.length < (grammar.optionalFrom ?? grammar.operands.length)) {
    throw usage(grammar, `${missing} is missing`);
  }
  const extra = grammar.operands.at(-1)?.endsWith("…") ? undefined : operands[grammar.operands.length];
  if (extra !== undefined) throw usage(grammar, `"${extra}" is one argument too many`);
  return { operands, values, flags };
}
