/** One install, upgrade or uninstall at a time. */
import { closeSync, existsSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { takeLock } from "../../helper/lock.ts";
import { exitStatus } from "../../shared/exit-status.ts";
import { Refusal } from "../refusal.ts";

/** How often another one may end between our look at the file and our lock of it. */
const mostTries = 100;

interface Held {
  /** To be called when all is done. */
  giveBack(): void;
}

/**
 * Null while another holds it. Undefined when the file that was locked is not the one that lies there now: whoever had it has
 * removed it, and somebody else may hold its successor.
 */
function tryOnce(path: string): Held | null | undefined {
  // Root: made for root alone, because whoever can open it can hold it. While it is open its inode is nobody else's.
  const opened = openSync(path, "a", 0o600);
  const lock = takeLock(path);
  const there = statSync(path, { throwIfNoEntry: false });
  const { dev, ino } = fstatSync(opened);
  // The kernel gives a process's locks of a file back with whichever descriptor of it is closed first: ours is the last.
  const giveBack = (): void => {
    lock?.close();
    closeSync(opened);
  };
  if (lock && there?.ino === ino && there.dev === dev) return { giveBack };
  giveBack();
  return lock ? undefined : null;
}

/** The lock lies beside the receipt, and goes with it. */
export async function withLock<T>(receipt: string, work: () => Promise<T>): Promise<T> {
  const path = `${receipt}.lock`;
  let held: Held | null | undefined;
  for (let tries = 0; held === undefined && tries < mostTries; tries++) held = tryOnce(path);
  if (!held) throw new Refusal(exitStatus.busy, "another install, upgrade or uninstall is under way: wait for its end");
  try {
    return await work();
  } finally {
    // Removed while it is held: whoever has opened it by now finds that it lies there no more.
    if (!existsSync(receipt)) rmSync(path, { force: true });
    held.giveBack();
  }
}
