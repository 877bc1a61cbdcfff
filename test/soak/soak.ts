/** A soak: many tasks of all kinds, things that go wrong, and a look at everything afterwards. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import slugid from "slugid";
import taskcluster from "taskcluster-client";
import { type LocalQueue, startLocalQueue, type TaskStatus } from "../../agent/local/queue.ts";
import { Random } from "../fuzz/random.ts";
import { type Fault, planFaults } from "./faults.ts";
import { heapGrowth, type Idle, moreThan, whenIdle } from "./idle.ts";
import { agentHome, Machine, soakFolder } from "./machine.ts";
import { growth, Samples, type Slope } from "./samples.ts";
import { SoakWorker } from "./soak-worker.ts";
import { TaskCheck } from "./task-check.ts";
import { nextTask, type SoakTask } from "./task-kinds.ts";

const pool = { provisionerId: "soak", workerType: "mac", workerGroup: "soak", workerId: "soak" } as const;
const claimTimeoutMs = 20_000;
const retries = 30;
const sampleEvery = 10;
/** So many times the capacity wait at the queue. */
const ahead = 3;
/** Of the tasks; during the others no process is killed, and the same two live to be measured. */
const roughShare = 0.35;
/** Of the tasks: a process grows into its size. */
const warmUpShare = 0.2;
const longestWarmUp = 400;
/** What is left must go in this time, in milliseconds. */
const cleanMs = 30_000;

/** So many of the worker's own lines are printed when something is wrong. */
const mostComplaints = 100;

export interface SoakOptions {
  readonly tasks: number;
  readonly seed: number;
  readonly capacity: number;
  /** Hears of every end of a task. */
  progress(resolved: number): void;
  /** A line about how far it is. */
  say(line: string): void;
}

export interface SoakResult {
  readonly kinds: readonly string[];
  /** How every run has ended. */
  readonly runs: readonly string[];
  readonly faults: readonly string[];
  /** Exit statuses of the workers. */
  readonly statuses: readonly (number | null)[];
  readonly slopes: readonly Slope[];
  readonly before: Idle;
  readonly after: Idle;
  /** Tasks between the two. */
  readonly between: number;
  /** Sentences, each with its task; none in a good soak. */
  readonly wrong: readonly string[];
}

const settled = ({ state }: TaskStatus): boolean => ["completed", "failed", "exception"].includes(state);

class Soak {
  readonly #options: SoakOptions;
  readonly #queue: LocalQueue;
  readonly #machine: Machine;
  readonly #client: InstanceType<typeof taskcluster.Queue>;
  readonly #random: Random;
  readonly #faults: Fault[];
  readonly #tasks = new Map<string, SoakTask>();
  readonly #ends = new Map<string, TaskStatus>();
  readonly #samples = new Samples();
  readonly #struck: string[] = [];
  readonly #statuses: (number | null)[] = [];
  readonly #wrong: string[] = [];
  #changed = Promise.withResolvers<void>();
  readonly #striking: Promise<void>[] = [];
  #sampled = 0;

  constructor(options: SoakOptions, machine: Machine, queue: LocalQueue, rough: number) {
    this.#options = options;
    this.#machine = machine;
    this.#queue = queue;
    this.#random = new Random(options.seed);
    this.#faults = planFaults(new Random(options.seed + 1), options.tasks, rough);
    const { rootUrl, rootCredentials } = queue;
    this.#client = new taskcluster.Queue({ rootUrl, credentials: { ...rootCredentials }, retries: 5, timeout: 30_000 });
    queue.onChange((status) => this.#heard(status));
  }

  #start(): SoakWorker {
    const { rootUrl } = this.#queue;
    const { clientId, accessToken } = this.#queue.workerCredentials("soak/mac", pool.workerGroup, pool.workerId);
    const quick = { requiredDiskSpaceMegabytes: 1, pollingInterval: 0.2, cancelCheckSecs: 2 };
    return new SoakWorker({
      root: this.#machine.root,
      settings: { ...pool, ...quick, capacity: this.#options.capacity, enableLiveLog: true },
      env: {
        TASKCLUSTER_ROOT_URL: rootUrl,
        TASKCLUSTER_CLIENT_ID: clientId,
        TASKCLUSTER_ACCESS_TOKEN: accessToken,
      },
    });
  }

  async #create(): Promise<void> {
    const task = nextTask(this.#random);
    const taskId = slugid.nice();
    this.#tasks.set(taskId, task);
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    await this.#client.createTask(taskId, {
      ...{ provisionerId: pool.provisionerId, workerType: pool.workerType, payload: task.payload },
      ...{ created: at(0), deadline: at(7200), expires: at(14_400) },
      retries: task.kind === "asks for a retry" ? 1 : retries,
      metadata: { name: task.kind, description: "soak", owner: "soak@localhost", source: "https://localhost/" },
    });
  }

  /** A task that asks for it is cancelled as soon as it runs; the end of any is noted. */
  #heard(status: TaskStatus): void {
    const { taskId, state } = status;
    if (this.#tasks.get(taskId)?.isCancelled && state === "running")
      void this.#client.cancelTask(taskId).catch(() => {});
    if (settled(status)) {
      this.#ends.set(taskId, status);
      this.#options.progress(this.#ends.size);
    }
    this.#changed.resolve();
  }

  #strike(worker: SoakWorker): void {
    for (let fault = this.#faults[0]; fault && fault.at <= this.#ends.size; fault = this.#faults[0]) {
      this.#faults.shift();
      const { name, afterMs, strike } = fault;
      this.#struck.push(name);
      const struck = { worker, plan: this.#queue.faults, machine: this.#machine };
      this.#striking.push(delay(afterMs).then(() => void strike(struck)));
    }
  }

  #sample(worker: SoakWorker): void {
    if (this.#ends.size < this.#sampled + sampleEvery) return;
    this.#sampled = this.#ends.size;
    const { agent, helper } = worker.pids();
    this.#samples.take("agent", agent, this.#sampled);
    this.#samples.take("helper", helper, this.#sampled);
  }

  /** Until so many have been made and resolved, with faults. */
  async #until(tasks: number, worker: SoakWorker): Promise<void> {
    while (this.#ends.size < tasks) {
      this.#changed = Promise.withResolvers();
      while (this.#tasks.size < tasks && this.#tasks.size - this.#ends.size < ahead * this.#options.capacity)
        await this.#create();
      this.#strike(worker);
      this.#sample(worker);
      await this.#changed.promise;
    }
  }

  /** All that goes wrong has gone wrong, and is over. */
  async #mend(worker: SoakWorker): Promise<void> {
    await Promise.all(this.#striking.splice(0));
    await worker.ready();
    const { agentDisk, homesDisk } = this.#machine;
    for (const disk of [agentDisk, homesDisk]) disk.free();
    Object.assign(this.#queue.faults, { delayMs: 0, status503: 0, dropResponse: { method: "", times: 0 } });
  }

  async #stop(worker: SoakWorker): Promise<void> {
    await this.#mend(worker);
    const status = await worker.stop();
    this.#statuses.push(...worker.statuses);
    if (status !== 0) this.#wrong.push(`a worker that was asked to drain ended with ${status}`);
    for (const until = performance.now() + cleanMs; this.#machine.left().length > 0; await delay(200)) {
      if (performance.now() < until) continue;
      this.#wrong.push(...this.#machine.left());
      break;
    }
  }

  async #check(kills: readonly number[]): Promise<void> {
    const { shortages } = this.#machine;
    const check = new TaskCheck(this.#queue, { shortages, agentDisk: agentHome, kills });
    for (const [taskId, task] of this.#tasks) {
      const status = this.#ends.get(taskId);
      const wrong = status ? await check.wrong(taskId, task, status) : ["it was not resolved"];
      this.#wrong.push(...wrong.map((sentence) => `${task.kind} ${taskId}: ${sentence}`));
    }
  }

  async run(rough: number): Promise<SoakResult> {
    const { tasks, say } = this.#options;
    const warmUp = Math.min(longestWarmUp, Math.ceil(tasks * warmUpShare));
    const port = Number(new URL(this.#queue.rootUrl).port);
    const first = this.#start();
    await this.#until(rough, first);
    say(`${rough} tasks resolved by processes that were killed; now the worker that lives to the end`);
    await this.#stop(first);
    const second = this.#start();
    await this.#until(rough + warmUp, second);
    await this.#mend(second);
    const before = await whenIdle(second, port);
    const lived = second.pids();
    say(`${rough + warmUp} tasks resolved, and the processes have been looked at when idle`);
    await this.#until(tasks, second);
    await this.#mend(second);
    const after = await whenIdle(second, port);
    const [begun, ended] = [lived, second.pids()].map((pids) => JSON.stringify(pids));
    if (begun !== ended) this.#wrong.push(`the processes to be measured were ${begun}, and are ${ended} in the end`);
    const [between, slopes] = [tasks - rough - warmUp, this.#samples.slopes(warmUp)];
    this.#wrong.push(...moreThan(before.counts, after.counts), ...heapGrowth(before, after, between));
    this.#wrong.push(...slopes.flatMap(growth));
    await this.#stop(second);
    say(`${tasks} tasks resolved; now each is checked`);
    await this.#check([...first.kills, ...second.kills]);
    if (this.#wrong.length > 0)
      for (const line of [first, second].flatMap((each) => each.complaints()).slice(-mostComplaints)) say(line);
    return {
      kinds: [...this.#tasks.values()].map(({ kind }) => kind),
      runs: [...this.#ends.values()].flatMap(({ runs }) => runs.map((run) => run.reasonResolved ?? run.state)),
      ...{ faults: this.#struck, statuses: this.#statuses, slopes },
      ...{ before, after, between, wrong: this.#wrong },
    };
  }
}

/** Runs one, with a queue of its own, in namespaces of its own. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const rough = Math.round(options.tasks * roughShare);
  const machine = await Machine.make();
  const blobDir = join(soakFolder, "queue");
  const queue = await startLocalQueue({ blobDir, claimTimeoutMs, longPollMs: 2_000, faults: {} });
  try {
    return await new Soak(options, machine, queue, rough).run(rough);
  } finally {
    await queue.close();
  }
}
