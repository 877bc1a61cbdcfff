/** A real embedded queue, a real worker and its plugins, and an engine that needs no root. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import slugid from "slugid";
import taskcluster from "taskcluster-client";
import { activityText, type IdleReason } from "../../agent/activity.ts";
import { type AgentConfig, defaultConfig } from "../../agent/config.ts";
import type { Engine } from "../../agent/engine/engine.ts";
import { type LocalQueue, type LocalQueueOptions, startLocalQueue, type TaskStatus } from "../../agent/local/queue.ts";
import { createLogger } from "../../agent/logger.ts";
import { newPlugins, type PluginServices } from "../../agent/plugins/plugins.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import { TaskCount } from "../../agent/task-count.ts";
import type { TaskEvent } from "../../agent/task-events.ts";
import { Worker, type WorkerEnd } from "../../agent/worker.ts";
import { PlainEngine } from "./plain-engine.ts";

const POOL = { provisionerId: "test", workerType: "mac", workerGroup: "group", workerId: "worker" } as const;
const PATIENCE_MS = 30_000;

export interface FixtureOptions {
  readonly config?: Partial<AgentConfig>;
  readonly queue?: Partial<LocalQueueOptions>;
  /** What stands between the worker and the queue: resolves to the worker's rootURL. */
  readonly through?: (queue: LocalQueue) => Promise<string>;
  /** In place of the queue's own client. */
  readonly client?: (config: AgentConfig) => QueueClient;
  readonly plugins?: Partial<Pick<PluginServices, "liveLogs" | "shells" | "retries" | "state">>;
  /** In place of one that needs no root. */
  readonly engine?: Engine;
  /** What is asked about an idle worker. */
  readonly mayEnd?: () => Promise<boolean>;
  /** Waited for before each poll. */
  readonly beforePoll?: () => Promise<void>;
  /** The directory with the count of an earlier worker. */
  readonly counting?: string;
  /** In place of a directory of the fixture's own. */
  readonly scratchRoot?: string;
}

export type Payload = Record<string, unknown>;

export class Fixture {
  readonly queue: LocalQueue;
  readonly engine = new PlainEngine();
  readonly events: TaskEvent[] = [];
  readonly logLines: string[] = [];
  readonly worker: Worker;
  readonly scratchRoot: string;
  readonly config: AgentConfig;
  readonly #listeners = new Set<() => void>();
  #running: Promise<WorkerEnd> | null = null;

  /** Ends with the test: worker, queue and files. */
  static async start(t: TestContext, options: FixtureOptions = {}): Promise<Fixture> {
    const root = await mkdtemp(join(tmpdir(), "worker-test-"));
    const [blobDir, scratchRoot] = [join(root, "blobs"), options.scratchRoot ?? join(root, "scratch")];
    await Promise.all([mkdir(blobDir), mkdir(scratchRoot, { recursive: true })]);
    const queue = await startLocalQueue({ blobDir, longPollMs: 300, ...options.queue });
    const rootURL = (await options.through?.(queue)) ?? queue.rootUrl;
    const fixture = new Fixture(queue, scratchRoot, { ...options, config: { rootURL, ...options.config } });
    t.after(async () => {
      await fixture.end();
      await queue.close();
      await rm(root, { recursive: true, force: true });
    });
    return fixture;
  }

  private constructor(queue: LocalQueue, scratchRoot: string, options: FixtureOptions) {
    const { config: settings, client, counting, mayEnd, beforePoll, plugins } = options;
    this.queue = queue;
    this.scratchRoot = scratchRoot;
    const { provisionerId, workerType, workerGroup, workerId } = POOL;
    const credentials = queue.workerCredentials(`${provisionerId}/${workerType}`, workerGroup, workerId);
    const { clientId, accessToken } = credentials;
    const quick = { pollingInterval: 0.1, cancelCheckSecs: 0.2, requiredDiskSpaceMegabytes: 0 };
    const config = { ...defaultConfig, ...POOL, rootURL: queue.rootUrl, clientId, accessToken, ...quick, ...settings };
    this.config = config;
    const logger = createLogger({ stream: { write: (line) => void this.logLines.push(line) } });
    this.worker = new Worker({
      count: new TaskCount(counting ?? null, logger),
      client: client?.(config) ?? new QueueClient(config),
      mayEnd,
      beforePoll,
      config,
      engine: options.engine ?? this.engine,
      plugins: newPlugins({
        ...{ liveLogs: null, shells: null, settings: config.plugins, ...plugins },
        worker: {
          stopGracefully: (message) => this.worker.stopGracefully({ kind: "plugin", message }),
          stopNow: (message) => this.worker.stopNow({ kind: "plugin", message }),
        },
      }),
      logger,
      scratchRoot,
      events: (event) => {
        this.events.push(event);
        for (const look of this.#listeners) look();
      },
      changed: () => {
        for (const look of this.#listeners) look();
      },
    });
  }

  /** Starts the worker. */
  run(): Promise<WorkerEnd> {
    this.#running ??= this.worker.run();
    return this.#running;
  }

  async end(): Promise<void> {
    this.worker.stopNow();
    await this.#running;
  }

  async createTask(payload: Payload, more: Payload = {}): Promise<string> {
    const taskId = slugid.nice();
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    await this.#root().createTask(taskId, {
      ...{ provisionerId: POOL.provisionerId, workerType: POOL.workerType },
      created: at(0),
      deadline: at(3600),
      expires: at(7200),
      metadata: { name: "n", description: "d", owner: "o@example.com", source: "https://example.com" },
      payload,
      ...more,
    });
    return taskId;
  }

  async cancel(taskId: string): Promise<void> {
    await this.#root().cancelTask(taskId);
  }

  resolved(taskId: string): Promise<TaskStatus> {
    const over = ({ state }: TaskStatus) => ["completed", "failed", "exception"].includes(state);
    return this.queue.waitFor(taskId, over, PATIENCE_MS);
  }

  /** Resolves to the sentence when the worker is idle for a reason of this kind. */
  idle(kind: IdleReason["kind"]): Promise<string> {
    return this.until(`the reason ${kind}`, () => {
      const { activity } = this.worker.status;
      return activity.state === "idle" && activity.reason.kind === kind ? activityText(activity) : undefined;
    });
  }

  /** The first event of this kind for the task, now or later. */
  event<K extends TaskEvent["event"]>(kind: K, taskId: string): Promise<Extract<TaskEvent, { event: K }>> {
    return this.until(`the event ${kind}`, () =>
      this.events.find(
        (each): each is Extract<TaskEvent, { event: K }> => each.event === kind && each.taskId === taskId,
      ),
    );
  }

  /** What `look` finds, asked anew after each event and each change of the worker's status. */
  until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what} did not come`)), PATIENCE_MS);
      const again = () => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#listeners.delete(again);
        resolve(found);
      };
      this.#listeners.add(again);
      again();
    });
  }

  /** The backing log as it was uploaded. Waits until the run is over. */
  async log(taskId: string, runId = 0): Promise<string> {
    await this.event("resolved", taskId);
    await this.until("the end of the run", () =>
      this.worker.status.running.every((run) => run.taskId !== taskId) ? true : undefined,
    );
    const artifact = this.queue.artifacts(taskId, runId).find(({ name }) => name === "public/logs/live_backing.log");
    if (!artifact?.blob) throw new Error("the backing log was not uploaded");
    const stored = await readFile(artifact.blob.path);
    return (artifact.blob.contentEncoding === "gzip" ? gunzipSync(stored) : stored).toString();
  }

  #root() {
    const { rootUrl, rootCredentials } = this.queue;
    return new taskcluster.Queue({ rootUrl, credentials: { ...rootCredentials }, retries: 0, timeout: 10_000 });
  }
}
