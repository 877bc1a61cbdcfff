/** Whether the disk is to blame for what could not be made in a home: what tools say does not tell it safely. */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

const FULL_BYTES = 16_000_000;
const FULL_FILES = 16;

/** `home` is `<tasksDir>/<name>/home`, and the task user's alone. False where nobody says how much is free. */
export async function isDiskOfHomeFull(home: string): Promise<boolean> {
  const free = await statfs(dirname(dirname(home))).catch(() => null);
  if (!free) return false;
  // Not every file system counts its files.
  return free.bavail * free.bsize < FULL_BYTES || (free.files > 0 && free.ffree < FULL_FILES);
}
