/** One worker after the other, until one ends for another reason than a lost helper. */
import type { StatusFile } from "../status/status-file.ts";
import { messageOf } from "../thrown.ts";
import { limitDrain } from "./drain-limit.ts";
import { whenAborted } from "./interrupts.ts";
import { startWorker, type WorkerSetup } from "./start-worker.ts";
import type { Stopping } from "./stopping.ts";
import { EndError, type WorkEnd } from "./work-ends.ts";

/** launchd starts helper and agent side by side, and the agent again when it was too early. */
const firstHelperMs = 5_000;
/** A helper that follows a killed one first ends what that one left, which takes a minute at worst for each user. */
const nextHelperMs = 300_000;

type Setup = Omit<WorkerSetup, "helperMs" | "signal">;

/** `ready` is called when the first worker can claim. Throws CommandError. */
export async function workUntilEnd(
  setup: Setup,
  stopping: Stopping,
  status: StatusFile,
  ready: () => void,
): Promise<WorkEnd> {
  const unwatch = limitDrain(stopping, setup.config, setup.logger);
  try {
    return await untilEnd(setup, stopping, status, ready);
  } finally {
    unwatch();
  }
}

async function untilEnd(setup: Setup, stopping: Stopping, status: StatusFile, ready: () => void): Promise<WorkEnd> {
  const { now, gently } = stopping;
  const ending = AbortSignal.any([now, gently]);
  for (let helperMs = firstHelperMs; !ending.aborted; helperMs = nextHelperMs) {
    const started = await startWorker({ ...setup, helperMs, signal: ending }).catch((error: unknown) => {
      if (ending.aborted) return null;
      throw error;
    });
    if (!started) break;
    if (helperMs === firstHelperMs) ready();
    const { worker, lost, unsafe, finish } = started;
    whenAborted(gently, () => worker.stopGracefully(stopping.wish?.reason));
    whenAborted(now, () => worker.stopNow(stopping.wish?.reason));
    // Without a helper, and to end: there is nothing left to be patient for.
    whenAborted(lost, () => whenAborted(ending, () => worker.stopNow(stopping.wish?.reason)));
    const end = await finish();
    if (unsafe.aborted) throw new EndError("internal-error", messageOf(unsafe.reason));
    if (ending.aborted) break;
    if (end !== "stopped") return end;
    // Nobody outside asked for it.
    if (!lost.aborted) return "plugin";
    setup.logger.warn("The helper was lost, and with it every run. Waiting for its successor.");
    status.idle({ kind: "no-helper" });
  }
  return stopping.wish?.end ?? "terminated";
}
