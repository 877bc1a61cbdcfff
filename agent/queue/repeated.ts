/** A call that may be repeated, for as long as somebody has patience. */
import { ask } from "./ask.ts";
import { retry } from "./retry.ts";
import type { Patience } from "./task-queue.ts";

/** Throws QueueError, and the signal's reason. */
export function repeated<T>(call: () => Promise<T>, { withinMs, signal }: Patience): Promise<T> {
  const until = new Date(Date.now() + withinMs);
  return retry(
    () => ask(call),
    () => until,
    { signal },
  );
}
