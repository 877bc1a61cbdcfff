import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { activityText } from "../../agent/activity.ts";
import { type StartedWorker, startWorker } from "../../agent/cli/start-worker.ts";
import { type AgentConfig, defaultConfig } from "../../agent/config.ts";
import { startLocalQueue } from "../../agent/local/queue.ts";
import { createLogger } from "../../agent/logger.ts";
import { TaskCount } from "../../agent/task-count.ts";
import { helloResult, listenScripted, type Script, scriptedUsers } from "../engine/scripted-helper.ts";
import { needsRoot } from "../root.ts";

interface Scripted {
  readonly lines: string[];
  /** What the worker does when it claims for the first time. */
  readonly claiming: Promise<string>;
  start(signal?: AbortSignal, config?: Partial<AgentConfig>): Promise<StartedWorker>;
}

/** A worker with an embedded queue and a helper that says what the script tells it; without one there is no helper. */
async function scripted(t: TestContext, script: Script | null): Promise<Scripted> {
  const run = await mkdtemp("/run/start-worker-");
  const state = await mkdtemp(join(tmpdir(), "start-worker-"));
  await mkdir(join(state, "blobs"));
  const queue = await startLocalQueue({ blobDir: join(state, "blobs"), longPollMs: 200 });
  t.after(async () => {
    await queue.close();
    await rm(run, { recursive: true });
    await rm(state, { recursive: true });
  });
  const socket = join(run, "s");
  if (script) await listenScripted(t, socket, script);
  const pool = { provisionerId: "test", workerType: "mac", workerGroup: "group", workerId: "worker" };
  const credentials = queue.workerCredentials("test/mac", "group", "worker");
  const settings = { rootURL: queue.rootUrl, requiredDiskSpaceMegabytes: 0, pollingInterval: 0.1, capacity: 9 };
  const lines: string[] = [];
  const logger = createLogger({ stream: { write: (line) => void lines.push(line) } });
  const claiming = Promise.withResolvers<string>();
  const start = (signal?: AbortSignal, more: Partial<AgentConfig> = {}) =>
    startWorker({
      count: new TaskCount(null, logger),
      config: { ...defaultConfig, ...pool, ...credentials, ...settings, ...more },
      ...{ socket, state, helperMs: 60_000, events: () => {}, ...(signal ? { signal } : {}) },
      changed: ({ activity }) => activity.state === "claiming" && claiming.resolve(activityText(activity)),
      logger,
    });
  return { lines, claiming: claiming.promise, start };
}

suite("a worker", { skip: needsRoot, timeout: 30_000 }, () => {
  test("ends when its helper dies right after hello", async (t) => {
    const { start } = await scripted(t, {
      hello: (asked) => {
        asked.answer(helloResult);
        setImmediate(() => asked.socket.destroy());
      },
    });
    const { lost, finish } = await start();
    assert.equal(await finish(), "stopped");
    assert.equal(lost.aborted, true);
  });

  test("says once that the helper makes fewer users than it has places, and takes that many tasks", async (t) => {
    const { lines, claiming, start } = await scripted(t, {
      ...scriptedUsers(),
      hello: ({ answer }) => answer({ ...helloResult, limits: { ...helloResult.limits, maxUsers: 2 } }),
    });
    const { worker, finish } = await start();
    const ended = finish();
    assert.equal(await claiming, "Asking the queue for up to 2 tasks.");
    worker.stopNow();
    await ended;
    const said = lines.filter((line) => line.includes("capacity is 9, but maxUsers of the helper is 2"));
    assert.equal(said.length, 1);
  });

  test("has no more places for tasks with a screen than root gives task users the session", async (t) => {
    const { lines, start } = await scripted(t, {
      hello: ({ answer }) =>
        answer({ ...helloResult, limits: { ...helloResult.limits, maxUsers: 9, maxGraphical: 2 } }),
      createUser: ({ refuse }) => refuse("create-failed"),
    });
    const { worker, finish } = await start(undefined, { headlessTasks: false });
    assert.equal(worker.status.capacity, 2);
    worker.stopNow();
    await finish();
    assert.ok(lines.some((line) => line.includes("capacity is 9, but maxGraphical of the helper is 2")));
  });

  test("has all its places for tasks without a screen, whatever root says of the session", async (t) => {
    const { start } = await scripted(t, {
      hello: ({ answer }) =>
        answer({ ...helloResult, limits: { ...helloResult.limits, maxUsers: 9, maxGraphical: 2 } }),
      createUser: ({ refuse }) => refuse("create-failed"),
    });
    const { worker, finish } = await start();
    assert.equal(worker.status.capacity, 9);
    worker.stopNow();
    await finish();
  });

  test("does not wait for its first task user any longer when it is to end", async (t) => {
    const asked = Promise.withResolvers<void>();
    const { start } = await scripted(t, {
      hello: ({ answer }) => answer(helloResult),
      createUser: () => asked.resolve(),
    });
    const stop = new AbortController();
    const starting = start(stop.signal);
    await asked.promise;
    stop.abort();
    await assert.rejects(starting, { name: "AbortError" });
  });

  test("does not wait for a helper any longer when it is to end", async (t) => {
    const { start } = await scripted(t, null);
    const stop = new AbortController();
    const starting = start(stop.signal);
    setImmediate(() => stop.abort());
    await assert.rejects(starting, /The helper is not waited for any longer/);
  });

  test("does not wait for a helper that is silent either when it is to end", async (t) => {
    const stop = new AbortController();
    const { start } = await scripted(t, { hello: () => stop.abort() });
    await assert.rejects(start(stop.signal), /the helper cannot be used/);
  });
});
