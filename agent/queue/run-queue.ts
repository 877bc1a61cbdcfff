/** The queue as one claimed run sees it, over taskcluster-client. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import taskcluster, { type Queue } from "taskcluster-client";
import type { ExceptionReason } from "../outcome.ts";
import { checkArtifact, checkReclaim, checkRuns, type RunStatus } from "./check.ts";
import { retry, toQueueError } from "./retry.ts";
import type { TaskQueue } from "./task-queue.ts";
import type { ArtifactRequest, ClaimedRun, Credentials } from "./types.ts";

const REQUEST_TIMEOUT_MS = 30_000;
const ARTIFACT_RETRY_MS = 60_000;

// The client's own agents open a connection for every call; a task can have thousands of artifacts. A call that meets a
// connection which the queue has just let go of fails as any other, and is repeated where that is safe.
const connections = { keepAlive: true, maxSockets: 50, maxFreeSockets: 20 };
taskcluster.agents.http = new HttpAgent(connections);
taskcluster.agents.https = new HttpsAgent(connections);

export function queueClient(rootUrl: string, credentials: Credentials | Record<string, never>, timeout: number): Queue {
  return new taskcluster.Queue({ rootUrl, credentials: { ...credentials }, retries: 0, timeout });
}

export class RunQueue implements TaskQueue {
  readonly rootUrl: string;
  readonly #claim: ClaimedRun;
  readonly #worker: { workerGroup: string; workerId: string };
  readonly #created: (name: string, storageType: string) => void;
  readonly #anyone: Queue;
  #own: Queue;
  #takenUntil: Date;

  /** `created` hears of every artifact that the queue has accepted. */
  constructor(
    rootUrl: string,
    claim: ClaimedRun,
    worker: { workerGroup: string; workerId: string },
    created: (name: string, storageType: string) => void,
  ) {
    this.rootUrl = rootUrl;
    this.#claim = claim;
    this.#worker = worker;
    this.#created = created;
    this.#takenUntil = claim.takenUntil;
    this.#own = queueClient(rootUrl, claim.credentials, REQUEST_TIMEOUT_MS);
    this.#anyone = queueClient(rootUrl, {}, REQUEST_TIMEOUT_MS);
  }

  get takenUntil(): Date {
    return this.#takenUntil;
  }

  async reclaim(): Promise<void> {
    const { taskId, runId } = this.#claim;
    try {
      const { takenUntil, credentials } = checkReclaim(await this.#own.reclaimTask(taskId, runId));
      this.#own = queueClient(this.rootUrl, credentials, REQUEST_TIMEOUT_MS);
      this.#takenUntil = takenUntil;
    } catch (error) {
      throw toQueueError(error);
    }
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

  async createArtifact(name: string, request: ArtifactRequest): Promise<{ putUrl?: string }> {
    const { taskId, runId } = this.#claim;
    const until = new Date(Date.now() + ARTIFACT_RETRY_MS);
    const artifact = await retry(
      async () => checkArtifact(await this.#own.createArtifact(taskId, runId, name, request)),
      () => until,
    );
    this.#created(name, request.storageType);
    return artifact;
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
      () => call(this.#own, this.#claim),
      () => this.#takenUntil,
    );
  }
}
