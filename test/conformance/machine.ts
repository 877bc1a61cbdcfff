/** An embedded queue, and real workers as a person starts them: a helper as root, an agent, task users. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import slugid from "slugid";
import taskcluster from "taskcluster-client";
import type { Termination } from "../../agent/local/managed-workers.ts";
import { type ArtifactRecord, type LocalQueue, type RunStatus, startLocalQueue } from "../../agent/local/queue.ts";
import { Launched } from "../stories/launched.ts";
import type { Case } from "./case.ts";

const provisionerId = "conformance";
/** As generic-worker's own tests have them. */
const settings = {
  maxTaskRunTime: 300,
  workerLocation: '{"cloud":"9","biscuits":"free"}',
  instanceType: "p3.enormous",
  ...{ requiredDiskSpaceMegabytes: 0, pollingInterval: 0.2, cancelCheckSecs: 1, interactivePort: 0 },
};
/** All cases wait in one queue, on a machine that may be busy. */
const claimMs = 600_000;
const runMs = 120_000;
const uploadMs = 30_000;

export interface Definition {
  readonly payload: unknown;
  readonly scopes?: readonly string[];
  readonly dependencies?: readonly string[];
  readonly deadline: string;
  readonly expires: string;
}

export class Machine {
  readonly queue: LocalQueue;
  readonly #root: string;
  readonly #workers: Launched[] = [];

  static async start(): Promise<Machine> {
    const root = mkdtempSync(join(tmpdir(), "conformance-"));
    chmodSync(root, 0o755);
    const blobDir = mkdtempSync(join(root, "blobs-"));
    return new Machine(root, await startLocalQueue({ blobDir, longPollMs: 5_000 }));
  }

  private constructor(root: string, queue: LocalQueue) {
    this.#root = root;
    this.queue = queue;
  }

  /** A worker of a pool of its own, whose name is the answer. */
  startWorker(
    command: "work" | "run",
    more: Readonly<Record<string, unknown>>,
    manager?: Case["manager"],
  ): { workerType: string; worker: Launched; termination: Readonly<Termination> | null } {
    const workerType = `pool-${this.#workers.length}`;
    const pool = `${provisionerId}/${workerType}`;
    const credentials: Record<string, string> = manager ? {} : this.#credentials(pool);
    const { termination = null, ...registering } = manager ? this.#registering(pool, manager.needsIt) : {};
    const file = join(this.#root, `${workerType}.yml`);
    writeFileSync(file, JSON.stringify({ ...settings, ...registering, ...more }), { mode: 0o600 });
    const engine = command === "work" ? ["macosx"] : [];
    const worker = new Launched([command, ...engine, "--with-helper", "--config", file], {
      env: {
        TASKCLUSTER_ROOT_URL: this.queue.rootUrl,
        ...credentials,
        TASKCLUSTER_WORKER_POOL_ID: pool,
        TASKCLUSTER_WORKER_GROUP: "group",
        TASKCLUSTER_WORKER_ID: "worker",
      },
    });
    this.#workers.push(worker);
    return { workerType, worker, termination };
  }

  #credentials(pool: string): Record<string, string> {
    const { clientId, accessToken } = this.queue.workerCredentials(pool, "group", "worker");
    return { TASKCLUSTER_CLIENT_ID: clientId, TASKCLUSTER_ACCESS_TOKEN: accessToken };
  }

  /** Settings of a worker that worker-manager knows, and wants to end when it was told so often that it is needed. */
  #registering(pool: string, needsIt: number) {
    const worker = { workerPoolId: pool, workerGroup: "group", workerId: "worker" };
    const staticSecret = this.queue.addStaticWorker({ ...worker, providerId: "static" });
    const termination = this.queue.terminate(worker, "there are too many", needsIt);
    return { providerId: "static", staticSecret, termination };
  }

  #client() {
    const { rootUrl, rootCredentials } = this.queue;
    return new taskcluster.Queue({ rootUrl, credentials: { ...rootCredentials }, retries: 0, timeout: 30_000 });
  }

  async createTask(workerType: string, name: string, definition: Definition): Promise<string> {
    const taskId = slugid.nice();
    await this.#client().createTask(taskId, {
      ...{ provisionerId, workerType, created: new Date().toISOString(), retries: 0 },
      metadata: { name, description: name, owner: "conformance@localhost", source: "https://localhost/" },
      ...definition,
    });
    return taskId;
  }

  async cancel(taskId: string): Promise<void> {
    await this.#client().cancelTask(taskId);
  }

  /** Resolves when a worker has claimed the task. */
  async claimed(taskId: string): Promise<void> {
    await this.queue.waitFor(taskId, ({ runs }) => runs[0]?.started !== undefined, claimMs);
  }

  /** The first run of a task, when it is resolved. */
  async resolved(taskId: string): Promise<RunStatus> {
    await this.claimed(taskId);
    const status = await this.queue.waitFor(taskId, ({ runs }) => runs[0]?.resolved !== undefined, runMs);
    const [run] = status.runs;
    if (!run) throw new Error("the task has no run");
    return run;
  }

  artifacts(taskId: string): ArtifactRecord[] {
    return this.queue.artifacts(taskId, 0);
  }

  /** Where a reader finds the artifact: an address that needs no credentials for `public/`. */
  addressOf(taskId: string, name: string): string {
    return `${this.queue.rootUrl}/api/queue/v1/task/${taskId}/runs/0/artifacts/${encodeURIComponent(name)}`;
  }

  /** What was stored, decoded. */
  async content({ blob, name }: ArtifactRecord): Promise<Buffer> {
    if (!blob) throw new Error(`nothing is stored for ${name}`);
    const bytes = await readFile(blob.path);
    return blob.contentEncoding === "gzip" ? gunzipSync(bytes) : bytes;
  }

  /** The uploaded log; of an exception it comes after the resolution. */
  async log(taskId: string, name: string): Promise<string> {
    for (const until = performance.now() + uploadMs; ; await delay(50)) {
      const log = this.artifacts(taskId).find((artifact) => artifact.name === name && artifact.blob);
      if (log) return (await this.content(log)).toString();
      if (performance.now() > until) throw new Error(`its log ${name} was not uploaded`);
    }
  }

  async end(): Promise<void> {
    for (const worker of this.#workers) worker.signal("SIGINT");
    await Promise.all(this.#workers.map((worker) => worker.status()));
    await this.queue.close();
    rmSync(this.#root, { recursive: true, force: true });
  }
}
