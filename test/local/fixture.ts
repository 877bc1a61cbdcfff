/** A local queue for one test, with a root client, a worker, and a clock that can be moved. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { client } from "hawk";
import { type LocalQueue, type LocalQueueOptions, startLocalQueue } from "../../agent/local/queue.ts";
import type { Credentials } from "../../agent/queue/types.ts";
import { type ClaimAnswer, type QueueClient, taskcluster } from "./client.ts";

export const pool = "local-provisioner/mac";
export const worker = { workerGroup: "office", workerId: "mac-1" };

export interface Fixture {
  readonly queue: LocalQueue;
  readonly root: QueueClient;
  /** A client with the scopes to claim work and no others. */
  readonly worker: QueueClient;
  readonly anonymous: QueueClient;
  readonly apiUrl: string;
  /** Moves the queue's clock forward. */
  advance(ms: number): void;
  now(): number;
  /** Creates a task; answers its id. */
  createTask(fields?: object): Promise<string>;
  /** Creates a task and claims it. */
  claimedTask(fields?: object): Promise<{ taskId: string; claim: ClaimAnswer; task: QueueClient }>;
  claim(tasks?: number): Promise<ClaimAnswer[]>;
  /** A client with the credentials of a claim. */
  clientOf(claim: Pick<ClaimAnswer, "credentials">): QueueClient;
  blobFiles(): Promise<string[]>;
}

export const minutes = (count: number): number => count * 60_000;

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function definition(nowMs: number, fields: object = {}): object {
  const [provisionerId, workerType] = pool.split("/");
  return {
    provisionerId,
    workerType,
    created: iso(nowMs),
    deadline: iso(nowMs + minutes(60)),
    payload: { command: ["true"] },
    metadata: { name: "a task", description: "for a test", owner: "who@example.com", source: "https://example.com" },
    ...fields,
  };
}

/** Starts a queue whose long poll and resolver poll do not slow a test or surprise it; ends with the test. */
export async function startFixture(t: TestContext, options: Partial<LocalQueueOptions> = {}): Promise<Fixture> {
  const blobDir = await mkdtemp(join(tmpdir(), "local-queue-"));
  let offset = 0;
  const now = () => Date.now() + offset;
  const queue = await startLocalQueue({ blobDir, longPollMs: 50, resolverPollMs: 3_600_000, now, ...options });
  t.after(async () => {
    await queue.close();
    await rm(blobDir, { recursive: true });
  });
  const { rootUrl } = queue;
  const queueClient = (credentials?: ConstructorParameters<typeof taskcluster.Queue>[0]["credentials"]) =>
    new taskcluster.Queue({ rootUrl, credentials, retries: 0 });
  const workerClient = queueClient(queue.workerCredentials(pool, worker.workerGroup, worker.workerId));
  const root = queueClient(queue.rootCredentials);
  const clientOf = (claim: Pick<ClaimAnswer, "credentials">) => queueClient(claim.credentials);
  const claim = async (tasks = 1) => (await workerClient.claimWork(pool, { ...worker, tasks })).tasks;
  const createTask = async (fields: object = {}) => {
    const taskId = taskcluster.slugid();
    await root.createTask(taskId, definition(now(), fields));
    return taskId;
  };
  return {
    queue,
    root,
    worker: workerClient,
    anonymous: queueClient(),
    apiUrl: `${rootUrl}/api/queue/v1`,
    advance: (ms) => {
      offset += ms;
    },
    now,
    createTask,
    claim,
    clientOf,
    async claimedTask(fields = {}) {
      const taskId = await createTask(fields);
      const [first] = await claim();
      assert.equal(first?.status.taskId, taskId);
      return { taskId, claim: first, task: clientOf(first) };
    },
    blobFiles: () => readdir(blobDir),
  };
}

export interface Signing {
  readonly ext?: object;
  /** Seconds since the epoch. */
  readonly timestamp?: number;
  /** Signs this text as the body's hash. */
  readonly payload?: string;
}

/** A fetch with a Hawk header; JSON when there is a body and no other Content-Type. */
export function signedFetch(
  url: string,
  init: RequestInit,
  credentials: Credentials,
  { ext = {}, ...more }: Signing = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (init.body && !headers.has("content-type")) headers.set("content-type", "application/json");
  const { certificate } = credentials;
  const extension = { ...(certificate !== undefined && { certificate: JSON.parse(certificate) }), ...ext };
  const { header } = client.header(url, init.method ?? "GET", {
    credentials: { id: credentials.clientId, key: credentials.accessToken, algorithm: "sha256" },
    ext: Buffer.from(JSON.stringify(extension)).toString("base64"),
    contentType: headers.get("content-type") ?? "",
    ...more,
  });
  headers.set("authorization", header);
  return fetch(url, { ...init, headers });
}

/** Asserts that a call is answered with this status and code. */
export async function refused(call: Promise<unknown>, statusCode: number, code?: string): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof Error && "statusCode" in error, `not an answer: ${error}`);
    assert.equal(error.statusCode, statusCode, error.message);
    if (code !== undefined) assert.equal("code" in error && error.code, code);
    return true;
  });
}
