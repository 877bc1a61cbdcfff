/** Removing a directory with all that is in it, as root. */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Removes what lies in directories of root on the volume of `path`. Root: a directory of anybody else is never entered, for
 * its owner can put a link in the place of what is about to be removed; one that is empty goes, else it stays. Returns those
 * that stay, and the mounted ones.
 */
export function removeTree(path: string): string[] {
  const { dev } = lstatSync(path);
  const remove = (at: string): string[] => {
    const found = lstatSync(at);
    if (!found.isDirectory()) {
      unlinkSync(at);
      return [];
    }
    if (found.dev !== dev) return [at];
    const left = found.uid === 0 ? readdirSync(at).flatMap((name) => remove(join(at, name))) : [];
    if (left.length > 0) return left;
    try {
      rmdirSync(at);
      return [];
    } catch {
      return [at];
    }
  };
  return remove(path);
}
