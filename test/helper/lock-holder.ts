/**
 * A program for tests: `lock-holder.ts FILE…` tries to take locks, says "held" or "refused", and holds on until its stdin
 * ends.
 */
import { takeLock } from "../../helper/lock.ts";

const locks = process.argv.slice(2).map((file) => takeLock(file));
const held = locks.every((lock) => lock !== undefined);
process.stdout.write(held ? "held\n" : "refused\n");
if (!held) process.stdin.destroy();
process.stdin.on("end", () => {
  for (const lock of locks) lock?.close();
});
if (held) process.stdin.resume();
