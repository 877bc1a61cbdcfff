/** What root itself cannot remove: a file with a flag (uchg, schg), which only chflags takes off. */
import { shellWord } from "../../shared/shell-word.ts";
import type { CommandName } from "./context.ts";

/** What to do about a path that may be locked, or hold something that is. */
function unlocking(path: string, again: CommandName): string {
  const line = ["sudo", "chflags", "-R", "nouchg,noschg", path].map(shellWord).join(" ");
  return `if it is locked (ls -lO), unlock it with ${line}, and run ${again} again`;
}

/**
 * Why something was not removed that lies in directories of root alone; `again`: the command that removes it then.
 * EPERM is no matter of modes, which root need not mind.
 */
export function whyNotRemoved(error: unknown, again: CommandName): string {
  if (!(error instanceof Error)) return String(error);
  const isRefused = "code" in error && error.code === "EPERM";
  const path = "path" in error && typeof error.path === "string" ? error.path : null;
  return isRefused && path !== null ? `${error.message}; ${unlocking(path, again)}` : error.message;
}
