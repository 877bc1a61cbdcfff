/** The queue as one claimed run sees it, over taskcluster-client. */
import type { Queue } from "taskcluster-client";
import type { ExceptionReason } from "../outcome.ts";
import { ask, checkNothing } from "./ask.ts";
import { checkArtifact, checkReclaim, checkReported, checkReservedObject, checkRuns, type RunStatus } from "./check.ts";
import { queueClient } from "./connections.ts";
import { ObjectUpload } from "./object-upload.ts";
import { repeated } from "./repeated.ts";
import { retry } from "./retry.ts";
import { type Patience, QueueError, type TaskQueue } from "./task-queue.ts";
import type { ArtifactRequest, ClaimedRun, ObjectRequest } from "./types.ts";

/** A queue that has the object already, because its answer was lost, says 500 for ever. */
const OBJECT_RETRY_MS = 60_000;

/** What a run's owner hears, and how it is ended. */
export interface RunTerms {
  /** The queue has accepted an artifact. */
  readonly created: (name: string, storageType: string) => void;
  /** A report did not go through; it is made again. */
  readonly unheard: (error: QueueError) => void;
  /** One went through. */
  readonly heard: () => void;
  /** Aborted when the worker is to end at once: a report is then made again at once, and given up soon. */
  readonly hurry: AbortSignal;
}

/** Of one run. */
export interface RunLimits {
  /** For one request, in milliseconds. */
  readonly otherMs: number;
  /** For a report once the worker is to end at once, in milliseconds. */
  readonly hurryMs: number;
}

/** The queue reserves a name once, so an upload that came to nothing is kept for who tries again. */
interface Reservation {
  /** As JSON. */
  readonly request: string;
  /** Null as long as somebody is at it, and for ever when it is finished. */
  abandoned: ObjectUpload | null;
}

export class RunQueue implements TaskQueue {
  readonly rootUrl: string;
  readonly #claim: ClaimedRun;
  readonly #worker: { workerGroup: string; workerId: string };
  readonly #terms: RunTerms;
  readonly #anyone: Queue;
  #own: Queue;
  #takenUntil: Date;
  /** Looked at anew with each renewal: either clock may have been set meanwhile. */
  #clockAheadMs: number;
  readonly #limits: RunLimits;
  readonly #objects = new Map<string, Reservation>();

  constructor(
    rootUrl: string,
    claim: ClaimedRun,
    worker: { workerGroup: string; workerId: string },
    terms: RunTerms,
    limits: RunLimits,
  ) {
    this.rootUrl = rootUrl;
    this.#claim = claim;
    this.#worker = worker;
    this.#terms = terms;
    this.#takenUntil = claim.takenUntil;
    this.#clockAheadMs = claim.clockAheadMs;
    this.#limits = limits;
    this.#own = queueClient(rootUrl, claim.credentials, limits.otherMs);
    this.#anyone = queueClient(rootUrl, {}, limits.otherMs);
  }

  get takenUntil(): Date {
    return this.#takenUntil;
  }

  async reclaim(): Promise<void> {
    const { taskId, runId, claimMs } = this.#claim;
    const { takenUntil, credentials } = await ask(
      async () => checkReclaim(await this.#own.reclaimTask(taskId, runId)),
      (clockAheadMs) => {
        this.#clockAheadMs = clockAheadMs;
      },
    );
    this.#own = queueClient(this.rootUrl, credentials, this.#limits.otherMs);
    // An answer tells its time to the second only.
    this.#takenUntil = new Date(Math.min(takenUntil.getTime() + this.#clockAheadMs, Date.now() + claimMs));
  }

  async isStillOurs(): Promise<boolean | null> {
    const newest = (await this.#runs())?.at(-1);
    if (!newest) return null;
    const { workerGroup, workerId } = this.#worker;
    const ours = newest.workerGroup === workerGroup && newest.workerId === workerId;
    return ours && newest.runId === this.#claim.runId && newest.state === "running";
  }

  async resolvedReason(): Promise<string | null> {
    const run = (await this.#runs())?.find(({ runId }) => runId === this.#claim.runId);
    return run?.reasonResolved ?? null;
  }

  async reportCompleted(): Promise<void> {
    await this.#report((own, { taskId, runId }) => own.reportCompleted(taskId, runId));
  }

  async reportFailed(): Promise<void> {
    await this.#report((own, { taskId, runId }) => own.reportFailed(taskId, runId));
  }

  async reportException(reason: ExceptionReason): Promise<void> {
    await this.#report((own, { taskId, runId }) => own.reportException(taskId, runId, { reason }));
  }

  async createArtifact(name: string, request: ArtifactRequest, patience: Patience): Promise<{ putUrl?: string }> {
    const { taskId, runId } = this.#claim;
    const artifact = await repeated(
      async () => checkArtifact(await this.#own.createArtifact(taskId, runId, name, request)),
      patience,
    );
    this.#terms.created(name, request.storageType);
    return artifact;
  }

  async createObject(name: string, request: ObjectRequest, patience: Patience): Promise<ObjectUpload> {
    const { taskId, runId } = this.#claim;
    const earlier = this.#objects.get(name);
    if (earlier) return reopened(name, earlier, request);
    const reservation: Reservation = { request: JSON.stringify(request), abandoned: null };
    this.#objects.set(name, reservation);
    const reserved = await repeated(
      async () => checkReservedObject(await this.#own.createArtifact(taskId, runId, name, request)),
      { ...patience, withinMs: Math.min(patience.withinMs, OBJECT_RETRY_MS) },
    ).catch((error: unknown) => {
      // Nobody has it as far as we know: the log is tried again after an exception.
      this.#objects.delete(name);
      throw error;
    });
    const finishArtifact = async (uploadId: string, patience: Patience) => {
      const finish = () => this.#own.finishArtifact(taskId, runId, name, { uploadId });
      await repeated(async () => checkNothing(await finish()), patience);
      this.#terms.created(name, request.storageType);
    };
    const upload = new ObjectUpload({
      ...{ rootUrl: this.rootUrl, reserved, finishArtifact, timeoutMs: this.#limits.otherMs },
      abandoned: () => {
        reservation.abandoned = upload;
      },
    });
    return upload;
  }

  /** Null when the queue could not be asked. */
  async #runs(): Promise<RunStatus[] | null> {
    try {
      return checkRuns(await this.#anyone.status(this.#claim.taskId));
    } catch {
      // A look that fails says nothing about the claim; reclaim is what decides.
      return null;
    }
  }

  /**
   * The queue takes the same report any number of times, so it is repeated for as long as the claim lasts; for a worker that
   * is to end at once, until `hurryMs` later.
   */
  async #report(call: (own: Queue, claim: ClaimedRun) => Promise<unknown>): Promise<void> {
    const { unheard, heard, hurry } = this.#terms;
    const { hurryMs } = this.#limits;
    const report = async () => {
      await ask(async () => checkReported(await call(this.#own, this.#claim)));
      heard();
    };
    try {
      return await retry(report, () => this.#takenUntil, { signal: hurry, failed: unheard });
    } catch (error) {
      if (error instanceof QueueError || !hurry.aborted) throw error;
    }
    const last = AbortSignal.timeout(hurryMs);
    const until = new Date(Math.min(this.#takenUntil.getTime(), Date.now() + hurryMs));
    await retry(report, () => until, { signal: last, failed: unheard }).catch((error: unknown) => {
      if (!last.aborted || error instanceof QueueError) throw error;
      throw new QueueError(null, "NoAnswer", `No answer came within ${hurryMs / 1000} s.`);
    });
  }
}

/** Throws QueueError where the queue itself would answer 500: the name is another artifact's. */
function reopened(name: string, reservation: Reservation, request: ObjectRequest): ObjectUpload {
  const { abandoned } = reservation;
  if (!abandoned || reservation.request !== JSON.stringify(request)) {
    throw new QueueError(409, "RequestConflict", `The object ${name} exists already.`);
  }
  reservation.abandoned = null;
  return abandoned;
}
