/** The artifacts of a payload, from what the task left behind. */
import { posix } from "node:path";
import { ResourceError, type ResultSet } from "../engine/engine.ts";
import { TaskError } from "../outcome.ts";
import type { ArtifactSpec } from "../payload/payload.ts";
import type { TaskContext } from "../task-context.ts";
import { createArtifact, UploadStopped } from "./create.ts";
import { isArtifactName, reservedNames } from "./names.ts";
import { runPool } from "./pool.ts";
import { type TaskFileArtifact, uploadTaskFile } from "./task-file.ts";
import type { Retries } from "./upload.ts";

const uploadsAtOnce = 10;
const maxMessageLength = 4096;

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
  let complete = true;
  const malformed: TaskError[] = [];

  const unreadable = async (name: string, optional: boolean, error: ResourceError) => {
    await reportUnreadable(task, name, error);
    if (optional) return;
    task.log.error(`TASK FAILURE during artifact upload: ${error.reason}: ${error.message}`);
    complete = false;
  };

  async function* jobs(): AsyncGenerator<Job> {
    for (const spec of task.payload.artifacts) {
      const { path, name, optional, contentType, contentEncoding } = spec;
      const common = { expires: expiryOf(task, spec), optional, contentType, contentEncoding };
      if (spec.type === "file") {
        yield { ...common, path, name };
        continue;
      }
      try {
        for await (const inside of result.listFolder(path)) {
          yield { ...common, path: posix.join(path, inside), name: posix.join(name, inside) };
        }
      } catch (error) {
        if (!(error instanceof ResourceError)) throw error;
        await unreadable(name, optional, error);
      }
    }
  }

  await runPool(uploadsAtOnce, jobs(), async (job) => {
    if (task.signal.aborted) throw new UploadStopped(job.name);
    const feature = reserved.get(job.name);
    if (feature !== undefined) {
      task.log.warn(
        `Not uploading artifact ${job.name} found in task.payload.artifacts section, since this will be uploaded later by ${feature}`,
      );
      return;
    }
    try {
      if (!isArtifactName(job.name)) throw badName(job.name);
      task.log.info(`Uploading artifact ${job.name} from ${job.path}`);
      await uploadTaskFile(task, result, job, retries);
    } catch (error) {
      if (error instanceof ResourceError) return unreadable(job.name, job.optional, error);
      // The author's mistake with one artifact is no reason to lose the others.
      if (!(error instanceof TaskError && error.kind === "malformed-payload")) throw error;
      malformed.push(error);
    }
  });
  const [first, ...others] = malformed;
  for (const { message } of others) task.log.error(message);
  if (first) throw first;
  return complete;
}

/** What the author of a payload is told about an artifact name that the queue would refuse. */
export function badName(name: string): TaskError {
  return new TaskError(
    "malformed-payload",
    `The artifact name ${JSON.stringify(name)} has characters outside printable ASCII, which the queue refuses. ` +
      "Rename the file, or give it another name in task.payload.artifacts.",
  );
}

async function reportUnreadable(task: TaskContext, name: string, error: ResourceError): Promise<void> {
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
