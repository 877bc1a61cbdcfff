/** Telling the queue how a run ended. */
import type { Outcome } from "../outcome.ts";
import type { TaskQueue } from "./task-queue.ts";

/** Throws QueueError. Only for an outcome that the queue is to be told. */
export async function report(queue: TaskQueue, outcome: Outcome): Promise<void> {
  if (outcome.state === "completed") await queue.reportCompleted();
  else if (outcome.state === "failed") await queue.reportFailed();
  else await queue.reportException(outcome.reason);
}
