/** The end of a drain that takes too long, before whoever waits for the worker loses patience and kills it. */
import { startAlarm } from "../alarm.ts";
import type { AgentConfig } from "../config.ts";
import type { Logger } from "../logger.ts";
import { whenAborted } from "./interrupts.ts";
import type { Stopping } from "./stopping.ts";

/** For what comes before and after the commands of the longest task. launchd waits five minutes longer (ExitTimeOut). */
const MARGIN_SECS = 300;

export function drainLimitSecs({ drainLimitSecs, maxTaskRunTime }: AgentConfig): number {
  return drainLimitSecs > 0 ? drainLimitSecs : maxTaskRunTime + MARGIN_SECS;
}

/** Ends the tasks of a worker that has drained for so long. The answer ends the watch. */
export function limitDrain(stopping: Stopping, config: AgentConfig, logger: Logger): () => void {
  const seconds = drainLimitSecs(config);
  let stop = () => {};
  const late = () => {
    logger.warn(`The tasks under way are ended: they were not done ${seconds} s after the worker was told to drain.`);
    stopping.ask({ end: stopping.wish?.end ?? "terminated", finishTasks: false });
  };
  const begin = () => {
    stop = startAlarm(seconds * 1000, late);
  };
  whenAborted(stopping.gently, begin);
  return () => {
    stopping.gently.removeEventListener("abort", begin);
    stop();
  };
}
