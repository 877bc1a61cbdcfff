/** The task user that the worker has made ahead, as root sees it. */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { BenchWorker } from "./bench-worker.ts";

const PATIENCE_MS = 30_000;
/** What is still on its way when the last directory is there: the isolation canary, an answer, an audit line. */
const SETTLE_MS = 100;

/** Users of the worker's slice: on Linux, from the file that the stand-in writes. */
function users({ helper }: BenchWorker): { uid: number; home: string }[] {
  const { firstUid } = helper.slice;
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([, , uid, , , home = ""]) => ({ uid: Number(uid), home }))
    .filter(({ uid }) => uid >= firstUid && uid < firstUid + 25);
}

/** Waits until the worker has one task user, ready for the next task, beside those that run one. Resolves to its uid. */
export async function warmUser(worker: BenchWorker, running: readonly number[] = []): Promise<number> {
  for (const until = performance.now() + PATIENCE_MS; ; await delay(10)) {
    const [only, other] = users(worker).filter(({ uid }) => !running.includes(uid));
    if (only && !other && existsSync(`${only.home}/tmp`)) {
      await delay(SETTLE_MS);
      return only.uid;
    }
    if (performance.now() > until) throw new Error("the worker made no task user ahead within 30 s");
  }
}
