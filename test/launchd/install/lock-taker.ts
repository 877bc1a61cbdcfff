/** Takes the lock of the receipt in the first argument 100 times, and ends with 1 when it is not alone. */

import { mkdirSync, rmdirSync } from "node:fs";
import { withLock } from "../../../launchd/install/run-lock.ts";
import { Refusal } from "../../../launchd/refusal.ts";
import { exitStatus } from "../../../shared/exit-status.ts";

const [receipt = ""] = process.argv.slice(2);
for (let left = 100; left > 0; ) {
  try {
    await withLock(receipt, async () => {
      // A directory can be made once.
      mkdirSync(`${receipt}.alone`);
      rmdirSync(`${receipt}.alone`);
    });
    left--;
  } catch (error) {
    if (!(error instanceof Refusal && error.status === exitStatus.busy)) throw error;
  }
}
