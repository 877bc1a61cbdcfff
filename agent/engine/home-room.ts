/** Whether the disk is to blame for a file that could not be written into a home: what tools say does not tell it safely. */
import { dirname } from "node:path";
import { freeMegabytesOf } from "../disk.ts";

const FULL_MEGABYTES = 16;

/** `home` is `<tasksDir>/<name>/home`, and the task user's alone. False where nobody says how much is free. */
export async function isDiskOfHomeFull(home: string): Promise<boolean> {
  const free = await freeMegabytesOf(dirname(dirname(home))).catch(() => FULL_MEGABYTES);
  return free < FULL_MEGABYTES;
}
