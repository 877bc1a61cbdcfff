/** Removing a directory with all that is in it, as root. */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";

const codeOf = (error: Error): unknown => ("code" in error ? error.code : null);

/** Why it is still there: nothing where it is gone, or was before. */
function gone(path: string, remove: (path: string) => void): Error[] {
  try {
    remove(path);
    return [];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return codeOf(error) === "ENOENT" ? [] : [error];
  }
}

/** Not the system's own error: what to do about that would lead root into the directory. */
const another = (path: string): Error =>
  new Error(`${path} is not root's, and root does not enter it: look at it, and remove it`);

/**
 * Removes what lies in directories of root on the volume of `path`. Root: a directory of anybody else is never entered, for
 * its owner can put a link in the place of what is about to be removed; one that is empty goes, else it stays. Returns why
 * something stays, once for each thing: such a directory, what is mounted, and what the system does not let go of.
 */
export function removeTree(path: string): Error[] {
  const { dev } = lstatSync(path);
  const remove = (at: string): Error[] => {
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (!found) return [];
    if (!found.isDirectory()) return gone(at, unlinkSync);
    if (found.dev !== dev) return [new Error(`${at} is mounted: look at it, and unmount it`)];
    if (found.uid !== 0) return gone(at, rmdirSync).map(() => another(at));
    const left = readdirSync(at).flatMap((name) => remove(join(at, name)));
    return left.length > 0 ? left : gone(at, rmdirSync);
  };
  return remove(path);
}
