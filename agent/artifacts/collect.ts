/** The artifacts of a payload, from what the task left behind. */
import { posix } from "node:path";
import { ResourceError, type ResultSet } from "../engine/engine.ts";
import { TaskError } from "../outcome.ts";
import type { ArtifactSpec } from "../payload/payload.ts";
import type { TaskContext } from "../task-context.ts";
import { createArtifact, UploadStopped } from "./create.ts";
import { badName, Mistakes } from "./mistakes.ts";
import { isArtifactName, reservedNames } from "./names.ts";
import { runPool } from "./pool.ts";
import type { Retries } from "./store.ts";
import { type TaskFileArtifact, uploadTaskFile } from "./task-file.ts";

const uploadsAtOnce = 10;
const maxMessageLength = 4096;
/** Each of them costs the queue and the storage a few calls. */
const mostFiles = 10_000;

interface Job extends TaskFileArtifact {
  readonly optional: boolean;
}

/** The queue refuses an artifact that outlives its task, if only by the second that a payload is forgiven. */
function expiryOf(task: TaskContext, spec: ArtifactSpec): string {
  const { expires } = task.task;
  if (spec.expires === undefined || Date.parse(spec.expires) > Date.parse(expires)) return expires;
  return spec.expires;
}

/**
 * Uploads all that can be uploaded. False when something that is not optional could not be read: there is an error
 * artifact in its place. Throws TaskError, and UploadStopped when the run ended meanwhile.
 */
export async function collectArtifacts(task: TaskContext, result: ResultSet, retries: Retries): Promise<boolean> {
  const reserved = reservedNames(task);
  const mistakes = new Mistakes(task.log);
  let complete = true;

  const isReserved = (name: string): boolean => {
    const feature = reserved.get(name);
    if (feature === undefined) return false;
    task.log.warn(
      `Not uploading artifact ${name} found in task.payload.artifacts section, since this will be uploaded later by ${feature}`,
    );
    return true;
  };

  const unreadable = async (name: string, optional: boolean, error: ResourceError) => {
    await reportUnreadable(task, name, error);
    if (optional) return;
    task.log.error(`TASK FAILURE during artifact upload: ${error.reason}: ${error.message}`);
    complete = false;
  };

  async function* filesOf(spec: ArtifactSpec): AsyncGenerator<Job> {
    const { path, name, optional, contentType, contentEncoding } = spec;
    const common = { expires: expiryOf(task, spec), optional, contentType, contentEncoding };
    if (spec.type === "file") {
      yield { ...common, path, name };
      return;
    }
    try {
      for await (const inside of result.listFolder(path)) {
        yield { ...common, path: posix.join(path, inside), name: posix.join(name, inside) };
      }
    } catch (error) {
      if (!(error instanceof ResourceError)) throw error;
      if (!isReserved(name)) await unreadable(name, optional, error);
    }
  }

  async function* jobs(): AsyncGenerator<Job> {
    let files = 0;
    for (const spec of task.payload.artifacts) {
      for await (const job of filesOf(spec)) {
        files += 1;
        if (files <= mostFiles) {
          yield job;
          continue;
        }
        task.log.error(
          `TASK FAILURE during artifact upload: the task left more than ${mostFiles} files, and no more are uploaded. ` +
            "Pack them into an archive.",
        );
        complete = false;
        return;
      }
    }
  }

  await runPool(uploadsAtOnce, jobs(), async (job) => {
    if (task.signal.aborted) throw new UploadStopped(job.name);
    if (isReserved(job.name)) return;
    if (!isArtifactName(job.name)) return mistakes.add(badName(job.name));
    try {
      task.log.info(`Uploading artifact ${job.name} from ${job.path}`);
      await uploadTaskFile(task, result, job, retries);
    } catch (error) {
      if (task.signal.aborted) throw new UploadStopped(job.name);
      if (error instanceof ResourceError) return unreadable(job.name, job.optional, error);
      if (!(error instanceof TaskError && error.kind === "malformed-payload")) throw error;
      mistakes.add(error);
    }
  });
  mistakes.end();
  return complete;
}

async function reportUnreadable(task: TaskContext, name: string, error: ResourceError): Promise<void> {
  // A folder that is to give its files names of their own has none itself.
  if (!isArtifactName(name)) return;
  const { reason } = error;
  const { expires } = task.task;
  const message = error.message.slice(0, maxMessageLength);
  try {
    await createArtifact(task, name, { storageType: "error", expires, reason, message });
  } catch (refused) {
    if (!(refused instanceof TaskError && refused.kind === "malformed-payload")) throw refused;
    // It is listed as a file already: by a PUT that broke under way, or by another entry of the payload.
    task.log.error(`Artifact ${name} is listed without its content, or with that of another file of this name`);
  }
}
