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
  readonly #created: (name: string, storageType: string) => void;
  readonly #anyone: Queue;
  #own: Queue;
  #takenUntil: Date;
  /** Looked at anew with each renewal: either clock may have been set meanwhile. */
  #clockAheadMs: number;
  readonly #timeoutMs: number;
  readonly #objects = new Map<string, Reservation>();

  /** `created` hears of every artifact that the queue has accepted. */
  constructor(
    rootUrl: string,
    claim: ClaimedRun,
    worker: { workerGroup: string; workerId: string },
    created: (name: string, storageType: string) => void,
    timeoutMs: number,
  ) {
    this.rootUrl = rootUrl;
    this.#claim = claim;
    this.#worker = worker;
    this.#created = created;
    this.#takenUntil = claim.takenUntil;
    this.#clockAheadMs = claim.clockAheadMs;
    this.#timeoutMs = timeoutMs;
    this.#own = queueClient(rootUrl, claim.credentials, this.#timeoutMs);
    this.#anyone = queueClient(rootUrl, {}, this.#timeoutMs);
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
    this.#own = queueClient(this.rootUrl, credentials, this.#timeoutMs);
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
    this.#created(name, request.storageType);
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
      this.#created(name, request.storageType);
    };
    const upload = new ObjectUpload({
      ...{ rootUrl: this.rootUrl, reserved, finishArtifact, timeoutMs: this.#timeoutMs },
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

  /** The queue takes the same report any number of times, so it is repeated for as long as the claim lasts. */
  async #report(call: (own: Queue, claim: ClaimedRun) => Promise<unknown>): Promise<void> {
    await retry(
      () => ask(async () => checkReported(await call(this.#own, this.#claim))),
      () => this.#takenUntil,
    );
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
