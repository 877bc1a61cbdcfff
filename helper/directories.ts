/**
 * A task user's directories: `<tasks>/<name>/`, root:gid 0710, with `home/` in it, the user's own 0700. A task can then
 * neither let others into its home nor make the home's removal fail. Root does mkdir, lchown, chmod, rmdir and rename
 * of these fixed names in directories that only root can write to, and never looks inside what a task can write to.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, lchownSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { trusted } from "./trust.ts";

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

export class Directories {
  readonly #tasks: string;
  readonly #graveyard: string;

  /** Throws when `tasks` could be changed by another account, or the graveyard is on another volume. */
  constructor(tasks: string, instance: string) {
    if (!exists(tasks)) {
      mkdirSync(tasks);
      chmodSync(tasks, 0o711);
    }
    this.#tasks = trusted(tasks);
    this.#graveyard = `${this.#tasks}/.taskcluster-worker-${instance}`;
    if (!exists(this.#graveyard)) mkdirSync(this.#graveyard, 0o700);
    const { uid, mode, dev } = lstatSync(this.#graveyard);
    if (uid !== 0 || (mode & 0o777) !== 0o700) throw new Error(`${this.#graveyard} is not root's own: remove it`);
    if (dev !== lstatSync(this.#tasks).dev) throw new Error(`${this.#graveyard} is not on the volume of ${tasks}`);
  }

  homeOf(name: string): string {
    return `${this.#tasks}/${name}/home`;
  }

  create(name: string, uid: number): void {
    const top = `${this.#tasks}/${name}`;
    mkdirSync(top, 0o700);
    lchownSync(top, 0, uid);
    chmodSync(top, 0o710);
    mkdirSync(`${top}/home`, 0o700);
    lchownSync(`${top}/home`, uid, uid);
  }

  /** Removes what the user has emptied; the rest goes to the graveyard. True: nothing is left, there neither. */
  remove(name: string): boolean {
    const top = `${this.#tasks}/${name}`;
    try {
      for (const directory of [`${top}/home`, top]) if (exists(directory)) rmdirSync(directory);
    } catch {
      renameSync(top, `${this.#graveyard}/${name}-${randomBytes(4).toString("hex")}`);
      return false;
    }
    return !exists(top) && !(exists(this.#graveyard) && readdirSync(this.#graveyard).some((it) => it.startsWith(name)));
  }

  /** At a clean end: the graveyard goes when nothing lies in it. */
  close(): void {
    if (exists(this.#graveyard) && readdirSync(this.#graveyard).length === 0) rmdirSync(this.#graveyard);
  }
}
