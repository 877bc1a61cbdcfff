/** What stands behind `npm run NAME --`: the one way in which the programs of the tests say how they are called. */
import { type ParseArgsConfig, parseArgs } from "node:util";

const EX_USAGE = 64;

/** Ends the program: it was called in a way that it does not understand, as one sentence says. */
export function endUsage(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(EX_USAGE);
}

/** As parseArgs; `--help` prints `usage` and ends the program, and so does what cannot be understood, with a sentence. */
export function argumentsOf<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  if (process.argv.slice(2).includes("--help")) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    const isUsage = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
    if (!isUsage) throw error;
    return endUsage(`${error.message.split(/\. |\.?\n/)[0]}: --help says what there is`);
  }
}

/** The number behind an option. Ends the program when it is none. */
export function countOf(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) endUsage(`--${option} takes a whole number, not "${text}"`);
  return Number(text);
}
