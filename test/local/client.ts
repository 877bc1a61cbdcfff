/** The real taskcluster-client, typed as far as these tests call it. */

import type { TaskStatus } from "../../agent/local/queue.ts";
import type { Credentials } from "../../agent/queue/types.ts";

export interface ClaimAnswer {
  status: TaskStatus;
  runId: number;
  workerGroup: string;
  workerId: string;
  takenUntil: string;
  credentials: Required<Credentials>;
  task: { taskGroupId: string; payload: object; scopes: string[]; extra: object; expires: string };
}

type StatusAnswer = Promise<{ status: TaskStatus }>;

export interface QueueClient {
  ping(): Promise<{ alive: boolean }>;
  task(taskId: string): Promise<ClaimAnswer["task"]>;
  status(taskId: string): StatusAnswer;
  createTask(taskId: string, task: object): StatusAnswer;
  scheduleTask(taskId: string): StatusAnswer;
  cancelTask(taskId: string): StatusAnswer;
  rerunTask(taskId: string): StatusAnswer;
  claimWork(taskQueueId: string, request: object): Promise<{ tasks: ClaimAnswer[] }>;
  reclaimTask(taskId: string, runId: number): Promise<Omit<ClaimAnswer, "task">>;
  reportCompleted(taskId: string, runId: number): StatusAnswer;
  reportFailed(taskId: string, runId: number): StatusAnswer;
  reportException(taskId: string, runId: number, request: object): StatusAnswer;
  createArtifact(taskId: string, runId: number, name: string, request: object): Promise<CreatedArtifact>;
  finishArtifact(taskId: string, runId: number, name: string, request: object): Promise<undefined>;
  getArtifact(taskId: string, runId: number, name: string): Promise<{ storageType: string; url: string }>;
  getLatestArtifact(taskId: string, name: string): Promise<{ storageType: string; url: string }>;
  artifact(taskId: string, runId: number, name: string): Promise<Record<string, unknown>>;
  artifactInfo(taskId: string, runId: number, name: string): Promise<Record<string, unknown>>;
  listArtifacts(taskId: string, runId: number, options?: object): Promise<ArtifactList>;
  listLatestArtifacts(taskId: string): Promise<ArtifactList>;
  buildSignedUrl(method: unknown, ...args: unknown[]): string;
}

export interface PurgeCacheClient {
  purgeCache(workerPoolId: string, request: object): Promise<undefined>;
  purgeRequests(workerPoolId: string, options?: object): Promise<{ requests: { cacheName: string; before: string }[] }>;
}

export interface CreatedArtifact {
  storageType: string;
  putUrl: string;
  contentType: string;
  name: string;
  projectId: string;
  uploadId: string;
  expires: string;
  credentials: Required<Credentials>;
}

export interface ArtifactList {
  artifacts: { name: string; storageType: string; contentType: string; expires: string }[];
  continuationToken?: string;
}

interface ClientOptions {
  rootUrl: string;
  credentials?: Credentials | undefined;
  authorizedScopes?: string[];
  retries?: number;
  delayFactor?: number;
}

interface ClientModule {
  Queue: new (options: ClientOptions) => QueueClient;
  Object: new (options: ClientOptions) => object;
  PurgeCache: new (options: ClientOptions) => PurgeCacheClient;
  slugid(): string;
  upload(options: object): Promise<void>;
  downloadArtifact(options: object): Promise<string>;
  createTemporaryCredentials(options: object): Required<Credentials>;
}

function isClientModule(value: unknown): value is ClientModule {
  return typeof value === "object" && value !== null && "Queue" in value && "Object" in value && "upload" in value;
}

// The name is not a literal, so that no types are looked for: the package has none.
const packageName: string = "taskcluster-client";
const loaded: { default: unknown } = await import(packageName);
if (!isClientModule(loaded.default)) throw new Error("taskcluster-client does not export what these tests use.");

export const taskcluster: ClientModule = loaded.default;
