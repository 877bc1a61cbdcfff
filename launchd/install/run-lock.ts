/** One install, upgrade or uninstall at a time. */
import { existsSync, rmSync } from "node:fs";
import { takeLock } from "../../helper/lock.ts";
import { Refusal, status } from "../refusal.ts";

/** The lock lies beside the receipt, and goes with it. Root: made for root alone, because whoever can open it can hold it. */
export async function withLock<T>(receipt: string, work: () => Promise<T>): Promise<T> {
  const path = `${receipt}.lock`;
  const umask = process.umask(0o077);
  const lock = takeLock(path);
  process.umask(0o022);
  if (!lock) throw new Refusal(status.busy, "another install, upgrade or uninstall is under way: wait for its end");
  try {
    return await work();
  } finally {
    if (!existsSync(receipt)) rmSync(path, { force: true });
    lock.close();
    process.umask(umask);
  }
}
