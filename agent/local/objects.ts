/** The objects of the object service: reserved by an upload id, complete once the upload is finished. */
import type { Credentials } from "../queue/types.ts";
import type { Client, Clients } from "./credentials.ts";

const credentialsMs = 24 * 3_600_000;

export interface StoredObject {
  readonly projectId: string;
  readonly uploadId: string;
  readonly expires: string;
  readonly blobId: string;
  readonly hashes: Record<string, string>;
  finished: boolean;
}

/** The name under which the object service knows an artifact of a run. */
export function objectName(taskId: string, runId: number, artifact: string): string {
  return `t/${taskId}/${runId}/${artifact}`;
}

export class ObjectStore {
  readonly #objects = new Map<string, StoredObject>();
  readonly #clients: Clients;
  readonly #issuer: Client;
  readonly #now: () => number;

  constructor(clients: Clients, issuer: Client, now: () => number) {
    this.#clients = clients;
    this.#issuer = issuer;
    this.#now = now;
  }

  get(name: string): StoredObject | undefined {
    return this.#objects.get(name);
  }

  /** Takes a name for one upload, or takes it again for the same; false when another upload has it. */
  reserve(name: string, object: Pick<StoredObject, "projectId" | "uploadId" | "expires" | "blobId">): boolean {
    const old = this.#objects.get(name);
    if (!old) this.#objects.set(name, { ...object, hashes: {}, finished: false });
    return !old || (old.uploadId === object.uploadId && old.projectId === object.projectId && !old.finished);
  }

  isFinished(name: string): boolean {
    return this.#objects.get(name)?.finished ?? false;
  }

  /** The blob that holds the content; empty when there is no such object. */
  blobId(name: string): string {
    return this.#objects.get(name)?.blobId ?? "";
  }

  uploadCredentials(projectId: string, name: string): Required<Credentials> {
    return this.#issue(`object:upload:${projectId}:${name}`);
  }

  downloadCredentials(name: string): Required<Credentials> {
    return this.#issue(`object:download:${name}`);
  }

  #issue(scope: string): Required<Credentials> {
    const clientId = `local/object/${scope.replaceAll(/[^A-Za-z0-9_/.-]/g, "_")}`;
    return this.#clients.issue(this.#issuer, clientId, [scope], this.#now() + credentialsMs);
  }
}
