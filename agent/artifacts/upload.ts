/** One file as an artifact of the run: in S3, or in the object service where `createObjectArtifacts` says so. */
import type { AgentConfig } from "../config.ts";
import { TaskError } from "../outcome.ts";
import type { TaskContext } from "../task-context.ts";
import { createArtifact, UploadStopped } from "./create.ts";
import { uploadObject } from "./object.ts";
import type { Source } from "./source.ts";
import { patient, type Retries, store } from "./store.ts";

type Encoding = "identity" | "gzip";

export interface ArtifactFile {
  readonly name: string;
  readonly expires: string;
  readonly contentType: string;
  /** As `encodingFor` has it. */
  readonly contentEncoding: Encoding;
  /** Bytes before any compression. */
  readonly contentLength: number;
  /** What goes over the wire. */
  readonly source: Source;
}

/** Objects have no encoding: what is stored is what readers get. */
export function encodingFor({ createObjectArtifacts }: AgentConfig, wanted: Encoding): Encoding {
  return createObjectArtifacts ? "identity" : wanted;
}

/**
 * Resolves when the file is stored. Throws TaskError, ResourceError when the source breaks (then the queue lists an s3
 * artifact, but nothing is stored for it), or UploadStopped.
 */
export async function upload(task: TaskContext, file: ArtifactFile, retries: Retries = patient): Promise<void> {
  if (task.config.createObjectArtifacts) return uploadObject(task, file, retries);
  const { name, expires, contentType, contentEncoding, contentLength } = file;
  const newTarget = async () => {
    if (task.signal.aborted) throw new UploadStopped(name);
    const { putUrl } = await createArtifact(task, name, { storageType: "s3", expires, contentType, contentLength });
    if (!putUrl) throw new TaskError("internal-error", `The queue gave no address to upload artifact ${name} to`);
    return { url: putUrl, headers: { "content-type": contentType, "content-encoding": contentEncoding } };
  };
  return store(task, file, newTarget, retries);
}
