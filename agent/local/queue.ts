/** The embedded queue: one process, loopback only, so that one machine can run tasks with no deployment. */
import fastify from "fastify";
import type { Credentials } from "../queue/types.ts";
import { type ApiMethod, registerMethods } from "./api.ts";
import { artifactMethods } from "./artifact-routes.ts";
import { Artifacts, type StorageType } from "./artifacts.ts";
import { authMethods } from "./auth-routes.ts";
import { BlobUrls, registerBlobs } from "./blob-routes.ts";
import { type Blob, Blobs } from "./blobs.ts";
import { Changes, type Listener } from "./changes.ts";
import { ClaimWaiters } from "./claim-waiters.ts";
import { Clients } from "./credentials.ts";
import type { FaultPlan } from "./faults.ts";
import { ManagedWorkers, type StaticWorker, type Termination, workerScopes } from "./managed-workers.ts";
import { managerMethods } from "./manager-routes.ts";
import { objectMethods } from "./object-routes.ts";
import { ObjectStore, objectName } from "./objects.ts";
import { purgeMethods } from "./purge-routes.ts";
import { Quarantine } from "./quarantine.ts";
import { runMethods } from "./run-routes.ts";
import { type ClaimedRun, QueueState } from "./state.ts";
import { taskMethods } from "./task-routes.ts";
import type { TaskStatus } from "./types.ts";

export type { FaultPlan } from "./faults.ts";
export type { RunStatus, TaskState, TaskStatus } from "./types.ts";

export interface LocalQueueOptions {
  /** An existing directory for artifact contents; the caller removes it. */
  readonly blobDir: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Default 20 minutes. */
  readonly claimTimeoutMs?: number;
  /** How long claimWork waits for work. Default 20 s. */
  readonly longPollMs?: number;
  /** How long the credentials of a registered worker are good. Default 96 hours. */
  readonly registrationMs?: number;
  /** From a task's deadline to deadline-exceeded. Default 60 s. */
  readonly deadlineDelayMs?: number;
  /** How often expired claims and deadlines are looked for. Default 250 ms. */
  readonly resolverPollMs?: number;
  readonly now?: () => number;
  readonly faults?: FaultPlan;
}

export interface ArtifactRecord {
  readonly name: string;
  readonly storageType: StorageType;
  readonly contentType: string;
  readonly expires: string;
  /** Absent as long as nothing has been uploaded. */
  readonly blob?: Blob;
  readonly url?: string;
  readonly link?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface LocalQueue {
  readonly rootUrl: string;
  readonly rootCredentials: Credentials;
  /** Credentials that can claim work as this worker, look at it, ask for its pool's purge requests, and do nothing else. */
  workerCredentials(workerPoolId: string, workerGroup: string, workerId: string): Credentials;
  /** Permanent credentials with these scopes; the same ones for the same clientId. */
  clientCredentials(clientId: string, scopes: readonly string[]): Credentials;
  /** Resolves when the predicate on the task's status holds, at once or after a change. Rejects after `timeoutMs` (30 s). */
  waitFor(taskId: string, predicate: (status: TaskStatus) => boolean, timeoutMs?: number): Promise<TaskStatus>;
  /** Calls the listener after each change of a task; answers the function that ends this. */
  onChange(listener: (status: TaskStatus) => void): () => void;
  /** The artifacts of a run, of the last one if none is named; unfinished objects are left out. */
  artifacts(taskId: string, runId?: number): ArtifactRecord[];
  /** From now until then claimWork gives this worker nothing. */
  quarantine(workerGroup: string, workerId: string, until: Date): void;
  /** Makes a worker of a static provider known to worker-manager; answers its static secret. */
  addStaticWorker(worker: StaticWorker): string;
  /** worker-manager wants this worker to end, from now on or once it was told so often that it is needed. */
  terminate(worker: Omit<StaticWorker, "providerId">, reason: string, untold?: number): Readonly<Termination>;
  /** Resolves expired claims and passed deadlines now, not at the next poll. */
  resolveExpired(): void;
  faults: FaultPlan;
  /** Ends long polls at once, closes all connections, stops all timers. */
  close(): Promise<void>;
}

/** Starts the queue on 127.0.0.1. Throws if the port is taken. */
export async function startLocalQueue(options: LocalQueueOptions): Promise<LocalQueue> {
  const now = options.now ?? Date.now;
  const changes = new Changes();
  const waiters = new ClaimWaiters<ClaimedRun>();
  const quarantine = new Quarantine(now);
  const clients = new Clients(now);
  const issuer = clients.add("local/queue", ["*"]);
  const state = new QueueState({
    now,
    claimTimeoutMs: options.claimTimeoutMs ?? 1_200_000,
    deadlineDelayMs: options.deadlineDelayMs ?? 60_000,
    onChange: (status) => changes.emit(status),
    onPending: (taskQueueId) => waiters.wake(taskQueueId),
  });
  const artifacts = new Artifacts();
  const blobs = new Blobs(options.blobDir, now);
  const urls = new BlobUrls(blobs, () => queue.rootUrl);
  const objects = new ObjectStore(clients, issuer, now);
  const longPollMs = options.longPollMs ?? 20_000;

  const app = fastify({
    bodyLimit: 10 * 1024 ** 2,
    routerOptions: { maxParamLength: 8192 },
    // Of silence; a long poll is silent as long as it waits.
    connectionTimeout: longPollMs + 100_000,
    forceCloseConnections: true,
  });
  const faults = () => queue.faults;
  const addService = async (name: string, methods: readonly ApiMethod[]) => {
    const context = { clients, faults, now };
    await app.register(async (api) => registerMethods(api, methods, context), { prefix: `/api/${name}/v1` });
  };
  await addService("queue", [
    ...taskMethods(state, now),
    ...runMethods({ state, waiters, clients, issuer, longPollMs, quarantine }),
    ...artifactMethods({ state, artifacts, blobs, urls, objects, now }),
  ]);
  await addService("auth", authMethods());
  await addService("object", objectMethods(objects, blobs, urls, now));
  await addService("purge-cache", purgeMethods(now));
  const workers = new ManagedWorkers();
  const credentialsMs = options.registrationMs ?? 96 * 3_600_000;
  await addService("worker-manager", managerMethods({ workers, clients, issuer, credentialsMs, now }));
  await app.register(async (local) => registerBlobs(local, blobs, faults));
  const resolver = setInterval(() => state.expire(), options.resolverPollMs ?? 250);

  function credentialsOf(clientId: string, scopes: readonly string[]): Credentials {
    return { clientId, accessToken: clients.add(clientId, scopes).accessToken };
  }

  const queue = {
    rootUrl: "",
    rootCredentials: credentialsOf("local/root", ["*"]),
    faults: options.faults ?? {},
    clientCredentials: credentialsOf,
    workerCredentials(workerPoolId: string, workerGroup: string, workerId: string): Credentials {
      const scopes = workerScopes({ workerPoolId, workerGroup, workerId });
      return credentialsOf(`local/worker/${workerPoolId}/${workerGroup}/${workerId}`, scopes);
    },
    waitFor(taskId: string, predicate: (status: TaskStatus) => boolean, timeoutMs = 30_000): Promise<TaskStatus> {
      return changes.waitFor(taskId, () => state.status(taskId), predicate, timeoutMs);
    },
    onChange: (listener: Listener) => changes.listen(listener),
    artifacts(taskId: string, runId?: number): ArtifactRecord[] {
      const run = runId ?? state.record(taskId)?.runs.at(-1)?.runId ?? 0;
      return artifacts.list(taskId, run).flatMap(({ present, uploadId, blobId, contentLength: _, ...shown }) => {
        const id = uploadId ? objects.blobId(objectName(taskId, run, shown.name)) : (blobId ?? "");
        const blob = blobs.get(id);
        return present ? [{ ...shown, ...(blob && { blob }) }] : [];
      });
    },
    quarantine: (workerGroup: string, workerId: string, until: Date) =>
      quarantine.add({ workerGroup, workerId }, until),
    addStaticWorker: (worker: StaticWorker) => workers.add(worker),
    terminate(worker: Omit<StaticWorker, "providerId">, reason: string, untold = 0): Readonly<Termination> {
      const termination = { reason, untold, told: false };
      const known = workers.find(worker);
      if (known) known.termination = termination;
      return termination;
    },
    resolveExpired: () => state.expire(),
    async close(): Promise<void> {
      clearInterval(resolver);
      waiters.close();
      await app.close();
    },
  };
  try {
    queue.rootUrl = await app.listen({ host: "127.0.0.1", port: options.port ?? 0 });
  } catch (error) {
    await queue.close();
    throw error;
  }
  return queue;
}
