/** The upload of one object artifact: every call of it may be repeated. */
import { checkFinished, checkUpload } from "./check.ts";
import { objectClient } from "./connections.ts";
import { repeated } from "./repeated.ts";
import type { Patience } from "./task-queue.ts";
import type { Hashes, ReservedObject, UploadMethod, UploadMethods } from "./types.ts";

export interface ObjectUploadOptions {
  readonly rootUrl: string;
  readonly reserved: ReservedObject;
  /** Makes the artifact visible. */
  readonly finishArtifact: (uploadId: string, patience: Patience) => Promise<void>;
  /** Hears that nobody goes on with it. */
  readonly abandoned: () => void;
  /** For one request. */
  readonly timeoutMs: number;
}

export class ObjectUpload {
  readonly #options: ObjectUploadOptions;
  readonly #service: ReturnType<typeof objectClient>;

  constructor(options: ObjectUploadOptions) {
    const { rootUrl, reserved, timeoutMs } = options;
    this.#options = options;
    this.#service = objectClient(rootUrl, reserved.credentials, timeoutMs);
  }

  /** Asked again, it gives a new address. Throws QueueError. */
  async propose(proposedUploadMethods: UploadMethods, patience: Patience): Promise<UploadMethod> {
    const { name, projectId, uploadId, expires } = this.#options.reserved;
    const request = { projectId, uploadId, expires, proposedUploadMethods };
    return repeated(async () => checkUpload(await this.#service.createUpload(name, request)), patience);
  }

  /** It was not finished, and whoever asks for the same object again gets this upload. */
  abandon(): void {
    this.#options.abandoned();
  }

  /** The content is stored. Throws QueueError. */
  async finish(hashes: Hashes, patience: Patience): Promise<void> {
    const { reserved, finishArtifact } = this.#options;
    const { name, projectId, uploadId } = reserved;
    const request = { projectId, uploadId, hashes };
    await repeated(async () => checkFinished(await this.#service.finishUpload(name, request)), patience);
    await finishArtifact(uploadId, patience);
  }
}
