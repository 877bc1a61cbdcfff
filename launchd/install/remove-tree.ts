/** Removing a directory with all that is in it, as root. */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";

/** What is left of it: itself, or nothing. */
function gone(path: string, remove: (path: string) => void): string[] {
  try {
    remove(path);
    return [];
  } catch {
    return [path];
  }
}

/**
 * Removes what lies in directories of root on the volume of `path`. Root: a directory of anybody else is never entered, for
 * its owner can put a link in the place of what is about to be removed; one that is empty goes, else it stays. Returns those
 * that stay, the mounted ones, and files that the system does not let go of.
 */
export function removeTree(path: string): string[] {
  const { dev } = lstatSync(path);
  const remove = (at: string): string[] => {
    const found = lstatSync(at);
    if (!found.isDirectory()) return gone(at, unlinkSync);
    if (found.dev !== dev) return [at];
    const left = found.uid === 0 ? readdirSync(at).flatMap((name) => remove(join(at, name))) : [];
    return left.length > 0 ? left : gone(at, rmdirSync);
  };
  return remove(path);
}
