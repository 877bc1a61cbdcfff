/** Calls about artifacts, with refusals turned into the causes that end a run. */
import { TaskError } from "../outcome.ts";
import { lostCause, saysLost } from "../queue/claim-keeper.ts";
import { QueueError } from "../queue/task-queue.ts";
import type { ArtifactRequest } from "../queue/types.ts";
import type { TaskContext } from "../task-context.ts";

/** So long a queue that cannot be reached is asked again: what a task has made is worth more than a worker's time. */
export const artifactPatienceMs = 15 * 60_000;

/** The run ended early while something was uploaded. No cause of its own: who ended the run has given one. */
export class UploadStopped extends Error {
  constructor(artifact: string) {
    super(`The upload of artifact ${artifact} was stopped, because the run ended`);
    this.name = "AbortError";
  }
}

/** Throws TaskError, or UploadStopped. */
export async function createArtifact(
  task: TaskContext,
  name: string,
  request: ArtifactRequest,
  withinMs = artifactPatienceMs,
): Promise<{ putUrl?: string }> {
  const { queue, signal } = task;
  return asCause(task, name, () => queue.createArtifact(name, request, { withinMs, signal }));
}

/** What `call` gives. Throws TaskError for what the services refuse, or UploadStopped. */
export async function asCause<T>(task: TaskContext, name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (task.signal.aborted) throw new UploadStopped(name);
    throw error instanceof QueueError ? await refusal(task, name, error) : error;
  }
}

async function refusal(task: TaskContext, name: string, error: QueueError): Promise<Error> {
  if (error.status === null || error.status >= 500 || error.status < 400 || error.status === 429) {
    return new TaskError("resource-unavailable", `The queue could not take artifact ${name}: ${error.message}`);
  }
  // A run that was canceled or lost gets the same answers as a wrong request.
  const expired = error.status === 401 && saysLost(error, task.queue.takenUntil);
  if (expired || (await task.queue.isStillOurs()) === false) {
    const { kind, message } = await lostCause(task.queue);
    return new TaskError(kind, message);
  }
  if (error.status === 409) {
    return new TaskError(
      "malformed-payload",
      `There was a conflict uploading artifact ${name}: another artifact of this run has this name. ` +
        "Give each artifact a name of its own in task.payload.artifacts.",
    );
  }
  return new TaskError("internal-error", `The queue refused artifact ${name} (${error.status}): ${error.message}`);
}
