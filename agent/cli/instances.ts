/** What to say of the instances of this machine when none is as it was asked for. */
import { launcherFrom } from "./root-needed.ts";

/** Whether an instance may be called so. */
export const isInstance = (name: string): boolean => /^[a-z][a-z0-9-]{0,23}$/.test(name);

/** How a session with a worker of its own is begun. */
export function startLine(): string {
  return `sudo -E ${launcherFrom(process.cwd())} work macosx --with-helper`;
}

/** `what`, and the names among `found`, or how to come by one. */
export function instancesThere(what: string, found: readonly string[]): string {
  const names = [...new Set(found)].filter(isInstance).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return names.length > 0 ? `${what}: ${names.join(", ")}` : `${what}: none; to start one: ${startLine()}`;
}
