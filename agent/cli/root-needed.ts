/** The sentence for somebody who has to type sudo. */
import { existsSync } from "node:fs";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { shellWord } from "../../shared/shell-word.ts";
import { CommandError, exitStatus } from "./exit-status.ts";

/** The launcher as somebody in the directory `from` types it. A staged copy of the code has none: then as in the README. */
export function launcherFrom(from: string): string {
  const path = fileURLToPath(new URL("../../taskcluster-worker", import.meta.url));
  if (!existsSync(path)) return "./taskcluster-worker";
  const short = relative(from, path);
  return short.startsWith(`..${sep}`) || short === "" ? path : `./${short}`;
}

/** `argv` is the command line as typed; `why` begins the sentence. */
export function rootNeeded(why: string, argv: readonly string[], from: string): CommandError {
  const line = ["sudo", launcherFrom(from), ...argv].map(shellWord).join(" ");
  return new CommandError(exitStatus.notRoot, `${why}: ${line}`);
}
