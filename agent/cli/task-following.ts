/** What becomes of tasks at a queue, for whoever waits for their end: `submit --wait`. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "./command.ts";
import { type ExitStatus, exitStatus, worst } from "./exit-status.ts";
import { queueOf } from "./fill-in.ts";
import { localPool } from "./local-names.ts";
import type { TaskCreator } from "./task-creator.ts";
import type { PlannedTask } from "./task-plan.ts";
import type { Unclaimed } from "./unclaimed.ts";

const lookEveryMs = 1_000;
const stateStatus: Readonly<Record<string, ExitStatus>> = {
  completed: exitStatus.completed,
  failed: exitStatus.failed,
  exception: exitStatus.exception,
};

/** Whether it did not complete, and a worker has had it. */
const hasLog = (state: string, reason: string | null): boolean =>
  state === "failed" || (state === "exception" && !/^(canceled|deadline-exceeded|claim-expired)$/.test(reason ?? ""));

/** Says each change of their states until all are resolved, or somebody does not want to wait. Throws as `creator` does. */
export async function followTasks(
  tasks: readonly PlannedTask[],
  creator: Pick<TaskCreator, "look" | "logOf">,
  unclaimed: Unclaimed,
  { say, interrupts }: Pick<Context, "say" | "interrupts">,
): Promise<ExitStatus> {
  const seen = new Map<string, string>();
  const statuses: ExitStatus[] = [];
  const open = new Set(tasks);
  const ends = AbortSignal.any([interrupts.stop, interrupts.drain]);
  while (open.size > 0 && !ends.aborted) {
    for (const task of open) {
      const { state, reason } = await creator.look(task.taskId);
      const shown = state === "exception" ? `exception (${reason ?? "no reason"})` : state;
      if (seen.get(task.taskId) !== shown) say.step(`task ${task.n}: ${shown}`);
      seen.set(task.taskId, shown);
      const hint = unclaimed.hear(queueOf(task.definition) ?? localPool, state, performance.now());
      if (hint !== null) say.step(hint);
      const status = stateStatus[state];
      if (status === undefined) continue;
      if (hasLog(state, reason)) say.step(`task ${task.n}: its log is at ${creator.logOf(task.taskId)}`);
      statuses.push(status);
      open.delete(task);
    }
    if (open.size > 0) await sleep(lookEveryMs, undefined, { signal: ends }).catch(() => {});
  }
  if (open.size > 0) statuses.push(exitStatus.interrupted);
  return worst(statuses);
}
