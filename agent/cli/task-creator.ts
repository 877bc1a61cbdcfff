/** The queue as the people who create tasks see it: create, cancel, look. */
import taskcluster from "taskcluster-client";
import { ask } from "../queue/ask.ts";
import { checkRuns } from "../queue/check.ts";
import { toQueueError } from "../queue/retry.ts";
import type { Credentials } from "../queue/types.ts";
import { CommandError, exitStatus } from "./exit-status.ts";
import type { PlannedTask } from "./task-plan.ts";

const requestMs = 30_000;
const retries = 5;

export class TaskCreator {
  readonly #queue: InstanceType<typeof taskcluster.Queue>;
  readonly #rootUrl: string;

  /** `credentials` without a clientId call as anybody. */
  constructor(rootUrl: string, credentials: Credentials | Record<string, never>) {
    this.#rootUrl = rootUrl;
    this.#queue = new taskcluster.Queue({ rootUrl, credentials: { ...credentials }, retries, timeout: requestMs });
  }

  /** Safe to repeat with the same id and definition. Throws CommandError: the queue's own words for what it refuses. */
  async create(task: PlannedTask): Promise<void> {
    try {
      await ask(() => this.#queue.createTask(task.taskId, task.definition));
    } catch (thrown) {
      const error = toQueueError(thrown);
      const [reason = ""] = error.message.split("\n---");
      const what = reason.trim().replaceAll(/\s*\n\s*/g, " ");
      if (error.status === null || error.status >= 500) {
        throw new CommandError(
          exitStatus.unavailable,
          `the queue could not be asked to create task ${task.n}: ${what}`,
        );
      }
      throw new CommandError(exitStatus.usage, `the queue refuses task ${task.n} (${error.code}): ${what}`);
    }
  }

  /** Throws QueueError. A task that is resolved already stays as it is. */
  async cancel(taskId: string): Promise<void> {
    await ask(() => this.#queue.cancelTask(taskId));
  }

  /** Where the log of its newest run is. */
  logOf(taskId: string): string {
    return `${this.#rootUrl}/api/queue/v1/task/${taskId}/artifacts/public/logs/live.log`;
  }

  /** State and reason of the newest run; `unscheduled` without one. Throws CommandError when the queue does not say. */
  async look(taskId: string): Promise<{ state: string; reason: string | null }> {
    try {
      const newest = (await ask(async () => checkRuns(await this.#queue.status(taskId)))).at(-1);
      return { state: newest?.state ?? "unscheduled", reason: newest?.reasonResolved ?? null };
    } catch (thrown) {
      const what = `the queue does not say how task ${taskId} is, and nobody waits for it any longer`;
      throw new CommandError(exitStatus.unavailable, `${what}: ${toQueueError(thrown).message}`);
    }
  }
}
