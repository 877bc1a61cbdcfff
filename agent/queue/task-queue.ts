/** The queue as one claimed run sees it: its own credentials, replaced at each reclaim. */
import type { ExceptionReason } from "../outcome.ts";
import type { ObjectUpload } from "./object-upload.ts";
import type { ArtifactRequest, ObjectRequest } from "./types.ts";

/** The queue's answer was final (4xx), or retries ran out. `status` is null when no answer came. */
export class QueueError extends Error {
  readonly status: number | null;
  readonly code: string;
  /** How long the service asked to wait; 0 when it did not. */
  readonly retryAfterMs: number;
  constructor(status: number | null, code: string, message: string, retryAfterMs = 0) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.name = "QueueError";
    this.status = status;
    this.code = code;
  }
}

/** How long a call that fails is tried again. */
export interface Patience {
  readonly withinMs: number;
  /** Ends it; the call then throws the signal's reason. */
  readonly signal: AbortSignal;
}

/** Every call retries what is safe to retry (5xx, no answer) and throws QueueError for the rest. */
export interface TaskQueue {
  readonly rootUrl: string;
  /** When the claim ends by the clock of this machine, moved by each reclaim. */
  readonly takenUntil: Date;
  /** One try; `takenUntil` has moved when it resolves. */
  reclaim(): Promise<void>;
  /** State of the newest run as anyone may see it; null when the queue could not be asked. */
  isStillOurs(): Promise<boolean | null>;
  /** How somebody else resolved this run: canceled, deadline-exceeded, claim-expired, …; null when that is not known. */
  resolvedReason(): Promise<string | null>;
  reportCompleted(): Promise<void>;
  reportFailed(): Promise<void>;
  reportException(reason: ExceptionReason): Promise<void>;
  /** `putUrl` for s3. */
  createArtifact(name: string, request: ArtifactRequest, patience: Patience): Promise<{ putUrl?: string }>;
  /** A second time for the same name is a 409, unless the first upload was abandoned. A lost answer cannot be had again. */
  createObject(name: string, request: ObjectRequest, patience: Patience): Promise<ObjectUpload>;
}
