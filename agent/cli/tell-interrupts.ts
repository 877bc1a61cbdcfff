/** What a worker logs of a signal, at once: for whoever waits for it to end. */
import type { Logger } from "../logger.ts";
import { messageOf } from "../thrown.ts";
import { type Interrupts, StarterGone, whenAborted } from "./interrupts.ts";
import type { Stopping } from "./stopping.ts";

const finished = "the tasks under way are finished, and no more are claimed";
const ended = "the tasks under way are ended and given back to the queue";

function sentence(reason: unknown, isNow: boolean): string {
  // The helper ends with it, and every task user with the helper, whatever the worker would do.
  if (reason instanceof StarterGone) return `The starter is gone, and its helper ends with it: ${ended}.`;
  return `The worker is told to end by ${messageOf(reason)}: ${isNow ? ended : finished}.`;
}

/** To be called when `stopping` is already asked by each of them: what it then does is what is said. */
export function tellInterrupts({ stop, drain }: Interrupts, stopping: Stopping, logger: Logger): void {
  for (const signal of [drain, stop]) {
    whenAborted(signal, () => logger.info(sentence(signal.reason, stopping.now.aborted)));
  }
}
