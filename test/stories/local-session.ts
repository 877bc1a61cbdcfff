/** A session of three terminals: `queue`, `work macosx --with-helper` and `submit`, each as a person starts it. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { TaskCreator } from "../../agent/cli/task-creator.ts";
import { Launched } from "./launched.ts";
import { writeTasks } from "./run-task.ts";

const longestMs = 60_000;

export interface Run {
  readonly state: string;
  readonly reasonResolved?: string;
  readonly started?: string;
  readonly resolved?: string;
  readonly takenUntil?: string;
}

/** What the lines that `queue` prints put into the environment. */
function environmentOf(lines: readonly string[]): Record<string, string> {
  const pairs = lines.flatMap((line) => {
    const [, name, value] = /^export (\w+)='?([^']*)'?$/.exec(line) ?? [];
    return name && value ? [[name, value]] : [];
  });
  return Object.fromEntries(pairs);
}

export class LocalSession {
  readonly #directory: string;
  readonly #queue: Launched;
  readonly #env: Record<string, string>;
  readonly #creator: TaskCreator;
  readonly #workers: Launched[] = [];

  /** `directory` can be entered by every account. */
  static async start(directory: string): Promise<LocalSession> {
    const queue = new Launched(["queue"]);
    await queue.said("export TASKCLUSTER_WORKER_ID=");
    return new LocalSession(directory, queue, environmentOf(queue.stdout));
  }

  private constructor(directory: string, queue: Launched, env: Record<string, string>) {
    this.#directory = directory;
    this.#queue = queue;
    this.#env = env;
    const [clientId = "", accessToken = ""] = [env["TASKCLUSTER_CLIENT_ID"], env["TASKCLUSTER_ACCESS_TOKEN"]];
    this.#creator = new TaskCreator(this.#rootUrl, { clientId, accessToken });
  }

  get #rootUrl(): string {
    return this.#env["TASKCLUSTER_ROOT_URL"] ?? "";
  }

  /** `mode` is that of the configuration's file, which nobody but its owner should read. */
  startWorker(settings: object, mode = 0o600, command: readonly string[] = ["work", "macosx"]): Launched {
    const config = join(this.#directory, `worker-${this.#workers.length}.yml`);
    // A file in taskcluster-worker's layout has all of its settings in one.
    const all = "config" in settings ? settings : { requiredDiskSpaceMegabytes: 0, ...settings };
    writeFileSync(config, JSON.stringify(all), { mode });
    const worker = new Launched([...command, "--with-helper", "--config", config], { env: this.#env });
    this.#workers.push(worker);
    return worker;
  }

  /** The ids of the tasks, in the order of the payloads. */
  async submit(payloads: readonly object[]): Promise<string[]> {
    const file = writeTasks(join(this.#directory, "submit.yml"), payloads);
    const submit = new Launched(["submit", file], { env: this.#env });
    assert.equal(await submit.status(), 0, submit.stderr.join("; "));
    assert.equal(submit.stdout.length, payloads.length);
    return [...submit.stdout];
  }

  /** The id of the one task of a file, when it is resolved as completed. */
  async completed(file: string): Promise<string> {
    const submit = new Launched(["submit", file, "--wait"], { env: this.#env });
    assert.equal(await submit.status(), 0, submit.stderr.join("; "));
    return submit.stdout[0] ?? assert.fail("it has an id");
  }

  cancel(taskId: string): Promise<void> {
    return this.#creator.cancel(taskId);
  }

  async runs(taskId: string): Promise<Run[]> {
    const answer = await fetch(`${this.#rootUrl}/api/queue/v1/task/${taskId}/status`);
    const { status }: { status: { runs: Run[] } } = JSON.parse(await answer.text());
    return status.runs;
  }

  async #wait(taskId: string, runId: number, what: string, holds: (run: Run) => boolean): Promise<Run> {
    const until = performance.now() + longestMs;
    while (performance.now() < until) {
      const run = (await this.runs(taskId))[runId];
      if (run && holds(run)) return run;
      await delay(50);
    }
    throw new Error(`waited ${longestMs} ms in vain until run ${runId} of ${taskId} ${what}`);
  }

  begun(taskId: string): Promise<Run> {
    return this.#wait(taskId, 0, "has begun", ({ state }) => state === "running");
  }

  resolved(taskId: string, runId = 0): Promise<Run> {
    return this.#wait(taskId, runId, "is resolved", ({ resolved }) => resolved !== undefined);
  }

  /** The uploaded log of the first run. */
  log(taskId: string): Promise<string> {
    return this.artifact(taskId, "public/logs/live_backing.log");
  }

  /** A file that the first run has uploaded. */
  async artifact(taskId: string, name: string): Promise<string> {
    const path = `task/${taskId}/runs/0/artifacts/${name}`;
    const answer = await fetch(`${this.#rootUrl}/api/queue/v1/${path}`);
    assert.equal(answer.status, 200);
    return answer.text();
  }

  /** The queue is gone, and takes no connections. */
  async endQueue(): Promise<void> {
    this.#queue.signal("SIGINT");
    await this.#queue.status();
  }

  /** Ends the workers that run, then the queue. */
  async end(): Promise<void> {
    for (const worker of this.#workers) {
      worker.signal("SIGINT");
      await worker.status();
    }
    await this.endQueue();
  }
}
