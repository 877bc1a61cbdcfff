/** A program for tests: `lock-holder.ts FILE` tries to take a lock, says "held" or "refused", and holds on until its stdin ends. */
import { takeLock } from "../../helper/lock.ts";

const lock = takeLock(process.argv[2] ?? "");
process.stdout.write(lock ? "held\n" : "refused\n");
if (lock) process.stdin.resume().on("end", () => lock.close());
else process.stdin.destroy();
