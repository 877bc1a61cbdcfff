/** Free space, as the agent may use it. */
import { statfs } from "node:fs/promises";

/** Megabytes of 1,000,000 bytes on the volume of `directory`. Throws the system's error. */
export async function freeMegabytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return Math.floor((bavail * bsize) / 1e6);
}
