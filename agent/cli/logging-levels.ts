/** The logging levels of `work` and `run`: for the help, for completion, for the parser and its refusal. */
import type { LogLevel } from "../logger.ts";
import { didYouMean } from "./did-you-mean.ts";
import { CommandError, exitStatus } from "./exit-status.ts";

export const loggingLevels = ["debug", "info", "warn", "error", "fatal"] as const satisfies readonly LogLevel[];
export const defaultLevel = "info";

/** What taskcluster-worker calls two of them. */
const otherNames = { warning: "warn", panic: "fatal" } as const;

const last = loggingLevels.length - 1;
/** `debug, info (the default), warn, error or fatal` */
export const levelsInWords = loggingLevels
  .map((level) => (level === defaultLevel ? `${level} (the default)` : level))
  .reduce((words, level, at) => `${words}${at === last ? " or" : ","} ${level}`);

/** Throws CommandError `usage` for a name that is none. */
export function levelOf(name: string): LogLevel {
  const small = name.toLowerCase();
  const known = [...loggingLevels.map((level) => [level, level] as const), ...Object.entries(otherNames)];
  const level = known.find(([each]) => each === small)?.[1];
  if (level) return level;
  const hint = didYouMean(
    small,
    known.map(([each]) => each),
  );
  throw new CommandError(exitStatus.usage, `"${name}" is no logging level${hint}; the levels are ${levelsInWords}`);
}
