/** The artifacts of every run, and the rules for creating one again. No I/O. */
import type { CreateArtifactRequest } from "./schemas.ts";

export type StorageType = CreateArtifactRequest["storageType"];

export interface Artifact {
  readonly name: string;
  readonly storageType: StorageType;
  readonly contentType: string;
  readonly expires: string;
  readonly contentLength?: number;
  /** False for an object that is not finished: nobody sees it. */
  readonly present: boolean;
  /** s3: the blob's id, the same as long as the artifact exists. */
  readonly blobId?: string;
  /** object */
  readonly uploadId?: string;
  /** reference */
  readonly url?: string;
  /** link: the name of another artifact of the run */
  readonly link?: string;
  /** error */
  readonly reason?: string;
  readonly message?: string;
}

/** Artifacts that have no content of their own get these types, as the services give them. */
const linkContentType = "application/binary";
const errorContentType = "application/json";

/** The artifact that a request describes. `id`: blob or upload id for the types that have one. */
export function artifactOf(name: string, request: CreateArtifactRequest, id: string): Artifact {
  const expires = new Date(request.expires).toISOString();
  switch (request.storageType) {
    case "s3":
    case "object": {
      const { storageType, contentType, contentLength } = request;
      const stored = storageType === "s3" ? { present: true, blobId: id } : { present: false, uploadId: id };
      return {
        name,
        storageType,
        contentType,
        expires,
        ...(contentLength !== undefined && { contentLength }),
        ...stored,
      };
    }
    case "reference":
      return {
        name,
        storageType: "reference",
        contentType: request.contentType,
        expires,
        present: true,
        url: request.url,
      };
    case "link": {
      const contentType = request.contentType ?? linkContentType;
      return { name, storageType: "link", contentType, expires, present: true, link: request.artifact };
    }
    case "error": {
      const { reason, message } = request;
      return { name, storageType: "error", contentType: errorContentType, expires, present: true, reason, message };
    }
  }
}

/** Whether `next` may take the place of `old`: the same again, a later expiry, another target of a reference. */
function mayReplace(old: Artifact, next: Artifact): boolean {
  if (old.expires > next.expires) return false;
  if (old.storageType === "reference" && next.storageType === "link") return true;
  if (old.storageType !== next.storageType || old.contentType !== next.contentType) return false;
  if (old.storageType === "object") return old.uploadId === next.uploadId;
  return old.link === next.link && old.reason === next.reason && old.message === next.message;
}

export class Artifacts {
  readonly #runs = new Map<string, Map<string, Artifact>>();

  get(taskId: string, runId: number, name: string): Artifact | undefined {
    return this.#runs.get(`${taskId}/${runId}`)?.get(name);
  }

  /** Sorted by name, as the services list them; unfinished objects included. */
  list(taskId: string, runId: number): Artifact[] {
    const artifacts = [...(this.#runs.get(`${taskId}/${runId}`)?.values() ?? [])];
    return artifacts.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Adds or replaces; null when there is another artifact of this name that may not be replaced by it. */
  create(taskId: string, runId: number, artifact: Artifact): Artifact | null {
    const old = this.get(taskId, runId, artifact.name);
    if (old && !mayReplace(old, artifact)) return null;
    const kept = old?.blobId ? { ...artifact, blobId: old.blobId } : artifact;
    const run = this.#runs.get(`${taskId}/${runId}`) ?? new Map<string, Artifact>();
    this.#runs.set(`${taskId}/${runId}`, run.set(artifact.name, kept));
    return kept;
  }

  /** An object is complete: from now on it is seen. */
  finish(taskId: string, runId: number, artifact: Artifact): void {
    this.#runs.get(`${taskId}/${runId}`)?.set(artifact.name, { ...artifact, present: true });
  }
}
