/** Refuses files that anybody but root could have changed. */
import { lstatSync, realpathSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Resolves `path` once and returns the result. Throws with one sentence when a component of it, or of the way there, is
 * owned by another account or writable by one: whoever can rename a parent can replace everything below it.
 */
export function trusted(path: string): string {
  const resolved = realpathSync(path);
  for (let part = resolved; ; part = dirname(part)) {
    const { uid, mode } = lstatSync(part);
    if (uid !== 0) throw new Error(`${part} is owned by uid ${uid}: chown root ${part}`);
    if ((mode & 0o022) !== 0) throw new Error(`${part} can be written by others than root: chmod go-w ${part}`);
    if (part === "/") return resolved;
  }
}
