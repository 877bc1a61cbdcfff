/** What a command is, and what it is given. */
import type { Grammar } from "../../shared/grammar.ts";
import type { Arguments } from "./arguments.ts";
import type { ExitStatus } from "./exit-status.ts";
import type { Interrupts } from "./interrupts.ts";
import type { Launch } from "./launch.ts";
import type { Say } from "./say.ts";

export interface Context {
  /** The words after the program's name, as typed. */
  readonly argv: readonly string[];
  readonly arguments: Arguments;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly launch: Launch;
  readonly say: Say;
  readonly interrupts: Interrupts;
}

/** Throws CommandError; anything else is our fault. */
export type Run = (context: Context) => Promise<ExitStatus>;

export interface Command {
  readonly grammar: Grammar;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Its code, loaded when it is needed: most of what the agent imports is not needed for most commands. */
  readonly load: () => Promise<Run>;
  /** What it ends with when it is our fault, where that is not the usual status. */
  readonly internal?: ExitStatus;
}
