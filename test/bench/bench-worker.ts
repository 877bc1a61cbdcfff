/** Helper, agent and queue as they run in production, each in a process of its own; the queue is in this one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import slugid from "slugid";
import taskcluster from "taskcluster-client";
import { defaultConfig } from "../../agent/config.ts";
import { type LocalQueue, startLocalQueue } from "../../agent/local/queue.ts";
import type { AgentEvent, AgentSettings } from "./agent-main.ts";
import { type BenchHelper, type Form, startBenchHelper } from "./bench-helper.ts";
import type { StagedForms } from "./staged-forms.ts";

const POOL = { provisionerId: "bench", workerType: "mac", workerGroup: "bench", workerId: "bench" } as const;
const PATIENCE_MS = 180_000;

export class BenchWorker {
  readonly helper: BenchHelper;
  readonly agentPid: number;
  readonly queue: LocalQueue;
  readonly #seen: AgentEvent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #end: () => Promise<void>;

  private constructor(helper: BenchHelper, queue: LocalQueue, agentPid: number, end: () => Promise<void>) {
    this.helper = helper;
    this.queue = queue;
    this.agentPid = agentPid;
    this.#end = end;
  }

  static async start(forms: StagedForms, form: Form, capacity: number): Promise<BenchWorker> {
    const helper = await startBenchHelper(forms, form);
    const blobDir = mkdtempSync(join(tmpdir(), "bench-"));
    const queue = await startLocalQueue({ blobDir, longPollMs: 1_000 });
    const { clientId, accessToken } = queue.workerCredentials("bench/mac", POOL.workerGroup, POOL.workerId);
    const settings: AgentSettings = {
      config: {
        ...{ ...defaultConfig, ...POOL, rootURL: queue.rootUrl, clientId, accessToken, capacity },
        ...{ requiredDiskSpaceMegabytes: 0, pollingInterval: 0 },
      },
      socket: helper.places.socket,
      state: join(helper.agent.home, "bench"),
    };
    const main = join(forms.checkout, "test/bench/agent-main.ts");
    const { uid } = helper.agent;
    const agent = spawn(forms.node, ["--disable-sigusr1", "--max-semi-space-size=2", main], {
      ...{ uid, gid: uid, cwd: "/", env: {}, stdio: ["pipe", "pipe", "inherit"] },
    });
    if (!agent.stdin || !agent.stdout || agent.pid === undefined) throw new Error("the agent could not be started");
    const exited = once(agent, "exit");
    const worker = new BenchWorker(helper, queue, agent.pid, async () => {
      agent.stdin?.end();
      await exited;
      await queue.close();
      rmSync(blobDir, { recursive: true, force: true });
      await helper.stop();
    });
    agent.stdin.write(`${JSON.stringify(settings)}\n`);
    createInterface({ input: agent.stdout }).on("line", (line) => worker.#heard(JSON.parse(line)));
    return worker;
  }

  #heard(event: AgentEvent): void {
    this.#seen.push(event);
    for (const look of this.#listeners) look();
  }

  async createTask(command: readonly string[], more: Record<string, unknown> = {}): Promise<string> {
    const { rootUrl, rootCredentials } = this.queue;
    const client = new taskcluster.Queue({ rootUrl, credentials: { ...rootCredentials }, retries: 0, timeout: 10_000 });
    const taskId = slugid.nice();
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    await client.createTask(taskId, {
      ...{ provisionerId: POOL.provisionerId, workerType: POOL.workerType },
      ...{ created: at(0), deadline: at(3600), expires: at(7200) },
      metadata: { name: "bench", description: "bench", owner: "bench@localhost", source: "https://localhost/" },
      payload: { command: [command], maxRunTime: 600, ...more },
    });
    return taskId;
  }

  /** The event of this task, now or later. Throws after three minutes. */
  event<K extends AgentEvent["kind"]>(taskId: string, kind: K): Promise<Extract<AgentEvent, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new Error(`the event ${kind} of a task did not come within ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
      const look = (): void => {
        const isIt = (event: AgentEvent): event is Extract<AgentEvent, { kind: K }> =>
          event.taskId === taskId && event.kind === kind;
        const found = this.#seen.find(isIt);
        if (!found) return;
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve(found);
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** Ends agent, queue and helper. */
  stop(): Promise<void> {
    return this.#end();
  }
}
