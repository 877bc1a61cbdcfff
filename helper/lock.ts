/**
 * One process at a time. Node has no file locks, but its SQLite has: the kernel holds them for a process and gives them
 * back when it dies, however it dies, so nothing stale is ever to be judged. The file stays, and stays empty.
 */
import { DatabaseSync } from "node:sqlite";

const SQLITE_BUSY = 5;

/**
 * Takes the lock, waiting `timeout` milliseconds for it. Undefined: another holds it. Else keep what is returned: its
 * close() gives the lock back. Root: `file` lies where only root can open it, because whoever can could lock it too.
 */
export function takeLock(file: string, timeout = 0): DatabaseSync | undefined {
  const lock = new DatabaseSync(file, { timeout });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE"); // In memory: no journal beside the file.
    return lock;
  } catch (error) {
    lock.close();
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}
