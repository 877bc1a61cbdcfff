/** A soak: many tasks of all kinds, things that go wrong, and a look at everything afterwards. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import slugid from "slugid";
import taskcluster from "taskcluster-client";
import { type LocalQueue, startLocalQueue, type TaskStatus } from "../../agent/local/queue.ts";
import { Random } from "../fuzz/random.ts";
import { eventuallyGone } from "../stories/machine-clean.ts";
import { planFaults } from "./faults.ts";
import { Samples, type Slope } from "./samples.ts";
import { SoakWorker } from "./soak-worker.ts";
import { TaskCheck } from "./task-check.ts";
import { nextTask, type SoakTask } from "./task-kinds.ts";

const pool = { provisionerId: "soak", workerType: "mac", workerGroup: "soak", workerId: "soak" } as const;
const claimTimeoutMs = 20_000;
const retries = 30;
const sampleEvery = 10;
/** So many times the capacity wait at the queue. */
const ahead = 3;

export interface SoakOptions {
  readonly tasks: number;
  readonly seed: number;
  readonly capacity: number;
  say(line: string): void;
}

export interface SoakResult {
  readonly kinds: Readonly<Record<string, number>>;
  readonly runs: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** Sentences, each with its task; none in a good soak. */
  readonly wrong: readonly string[];
  readonly slopes: readonly Slope[];
}

const settled = ({ state }: TaskStatus): boolean => ["completed", "failed", "exception"].includes(state);

class Soak {
  readonly #options: SoakOptions;
  readonly #queue: LocalQueue;
  readonly #worker: SoakWorker;
  readonly #client: InstanceType<typeof taskcluster.Queue>;
  readonly #tasks = new Map<string, SoakTask>();
  readonly #ends = new Map<string, TaskStatus>();
  readonly #samples = new Samples();
  readonly #struck: string[] = [];
  readonly wrong: string[] = [];

  constructor(options: SoakOptions, queue: LocalQueue) {
    this.#options = options;
    this.#queue = queue;
    const { rootUrl, rootCredentials } = queue;
    this.#client = new taskcluster.Queue({ rootUrl, credentials: { ...rootCredentials }, retries: 5, timeout: 30_000 });
    const { clientId, accessToken } = queue.workerCredentials("soak/mac", pool.workerGroup, pool.workerId);
    const settings = { ...pool, capacity: options.capacity, requiredDiskSpaceMegabytes: 0, pollingInterval: 0.2 };
    const more = { cancelCheckSecs: 2, enableLiveLog: true };
    this.#worker = new SoakWorker(
      { ...settings, ...more },
      {
        TASKCLUSTER_ROOT_URL: rootUrl,
        TASKCLUSTER_CLIENT_ID: clientId,
        TASKCLUSTER_ACCESS_TOKEN: accessToken,
      },
    );
  }

  async #create(random: Random): Promise<void> {
    const task = nextTask(random);
    const taskId = slugid.nice();
    this.#tasks.set(taskId, task);
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    await this.#client.createTask(taskId, {
      ...{ provisionerId: pool.provisionerId, workerType: pool.workerType, payload: task.payload },
      ...{
        created: at(0),
        deadline: at(7200),
        expires: at(14_400),
        retries: task.kind === "asks for a retry" ? 1 : retries,
      },
      metadata: { name: task.kind, description: "soak", owner: "soak@localhost", source: "https://localhost/" },
    });
  }

  /** A task that asks for it is cancelled as soon as it runs; the end of any is noted. */
  #changed(status: TaskStatus): void {
    const { taskId, state } = status;
    if (this.#tasks.get(taskId)?.isCancelled && state === "running")
      void this.#client.cancelTask(taskId).catch(() => {});
    if (settled(status)) this.#ends.set(taskId, status);
  }

  async run(): Promise<SoakResult> {
    const { tasks, seed, capacity, say } = this.#options;
    const random = new Random(seed);
    const faults = planFaults(new Random(seed + 1), tasks);
    const ring = { next: Promise.withResolvers<void>() };
    const stopListening = this.#queue.onChange((status) => {
      this.#changed(status);
      ring.next.resolve();
    });
    let sampled = 0;
    while (this.#ends.size < tasks) {
      ring.next = Promise.withResolvers<void>();
      while (this.#tasks.size < tasks && this.#tasks.size - this.#ends.size < ahead * capacity)
        await this.#create(random);
      for (; (faults[0]?.at ?? tasks) <= this.#ends.size; faults.shift()) {
        const [fault] = faults;
        fault?.strike(this.#worker, this.#queue.faults);
        if (fault) this.#struck.push(fault.name);
      }
      if (this.#ends.size >= sampled + sampleEvery) {
        sampled = this.#ends.size;
        const { agent, helper } = this.#worker.pids();
        this.#samples.take("agent", agent, sampled);
        this.#samples.take("helper", helper, sampled);
        if (sampled % 100 < sampleEvery) say(`${sampled} tasks resolved`);
      }
      await ring.next.promise;
    }
    stopListening();
    await this.#finish();
    return this.#result();
  }

  async #finish(): Promise<void> {
    Object.assign(this.#queue.faults, { delayMs: 0, status503: 0, dropResponse: { method: "", times: 0 } });
    const before = Date.now();
    await this.#worker.stop();
    const last = this.#worker.statuses.at(-1);
    this.#options.say(`the worker has ended with ${last} after ${Date.now() - before} ms`);
    if (last !== 0) this.wrong.push(`the worker that was asked to drain ended with ${last}`);
    const check = new TaskCheck(this.#queue);
    for (const [taskId, task] of this.#tasks) {
      const status = this.#ends.get(taskId);
      const wrong = status ? await check.wrong(taskId, task, status) : ["it was not resolved"];
      this.wrong.push(...wrong.map((sentence) => `${task.kind} ${taskId}: ${sentence}`));
    }
    await eventuallyGone(this.#worker.users()).catch((error: unknown) => this.wrong.push(String(error)));
    const left = [tmpdir(), "/var/tmp"].flatMap((folder) =>
      readdirSync(folder).filter((name) => /^soak-\d+$/.test(name)),
    );
    this.wrong.push(...left.map((name) => `${name} is left of a task`));
    if (this.wrong.length > 0) for (const line of this.#worker.complaints().slice(-50)) this.#options.say(line);
  }

  #result(): SoakResult {
    const count = (names: readonly string[]): Record<string, number> =>
      Object.fromEntries(
        Object.entries(Object.groupBy(names, (name) => name)).map(([name, all]) => [name, all?.length ?? 0]),
      );
    const runs = [...this.#ends.values()].flatMap((status) =>
      status.runs.map((run) => run.reasonResolved ?? run.state),
    );
    return {
      kinds: count([...this.#tasks.values()].map(({ kind }) => kind)),
      ...{ runs: count(runs), faults: count(this.#struck) },
      ...{ wrong: this.wrong, slopes: this.#samples.slopes() },
    };
  }
}

/** Runs one, with a queue of its own. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const blobDir = mkdtempSync(join(tmpdir(), "soak-queue-"));
  const queue = await startLocalQueue({ blobDir, claimTimeoutMs, longPollMs: 2_000, faults: {} });
  try {
    return await new Soak(options, queue).run();
  } finally {
    await queue.close();
    rmSync(blobDir, { recursive: true, force: true });
  }
}
