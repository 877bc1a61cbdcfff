import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { defaultConfig } from "../../agent/config.ts";
import { LiveLogs } from "../../agent/http/live-logs.ts";
import { TerminationWatch } from "../../agent/manager/termination-watch.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import type { Claim } from "../../agent/queue/types.ts";
import type { Worker } from "../../agent/worker.ts";
import { serveLinks } from "../link/link-server.ts";
import { Fixture, type Payload } from "../worker/fixture.ts";
import { behind } from "./behind.ts";
import { rates, ratesTable } from "./rates.ts";

const hourMs = 3_600_000;
/** How long the queue holds a claimWork, and for how long it gives a claim. */
const [heldMs, claimMs] = [20_000, 20 * 60_000];

/** A queue that never has a task, asked by a worker whose clocks go on by 20 s with each poll. */
class IdleQueue extends QueueClient {
  readonly calls = { claimWork: 0, getWorker: 0 };
  aheadMs = 0;
  worker: Worker | null = null;

  override async claimWork(): Promise<Claim[]> {
    this.calls.claimWork += 1;
    this.aheadMs += heldMs;
    if (this.aheadMs >= hourMs) this.worker?.stopGracefully();
    return [];
  }

  override async quarantinedUntil(): Promise<null> {
    this.calls.getWorker += 1;
    return null;
  }
}

function counted(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(names, (name) => name)).map(([name, all]) => [name, all?.length ?? 0]),
  );
}

const liveLogs = new LiveLogs(() => "http://192.0.2.1:60099");
const plugins = { liveLogs };

async function callsOf(t: TestContext, payload: Payload, settings: Partial<typeof defaultConfig> = {}) {
  const { fixture, proxy } = await behind(t, { cancelCheckSecs: 600, ...settings }, { plugins });
  const taskId = await fixture.createTask(payload);
  await fixture.run();
  assert.equal((await fixture.resolved(taskId)).state, "completed");
  return counted(proxy.exchanges.map(({ call }) => call));
}

const noop = { command: [["/bin/true"]], maxRunTime: 60 };

/** Renewed twice, since it ends right after that. */
async function callsOfLong(t: TestContext, settings: Partial<typeof defaultConfig> = {}) {
  const claimTimeoutMs = 8_000;
  const more = { plugins, queue: { claimTimeoutMs } };
  const { fixture, proxy } = await behind(t, { cancelCheckSecs: 600, ...settings }, more);
  const files = ["a.txt", "b.png"];
  const taskId = await fixture.createTask({
    command: [["/bin/sh", "-c", "echo a >a.txt; echo b >b.png; while [ ! -e end ]; do sleep 0.05; done"]],
    maxRunTime: 60,
    artifacts: files.map((path) => ({ type: "file", path, name: `public/${path}` })),
  });
  const running = fixture.run();
  await fixture.event("started", taskId);
  const [home = ""] = fixture.engine.homes;
  proxy.heard = (call) => {
    if (call === "reclaimTask" && proxy.named(call).length === 2) void writeFile(join(home, "end"), "");
  };
  await running;
  assert.equal((await fixture.resolved(taskId)).state, "completed");
  return counted(proxy.exchanges.map(({ call }) => call));
}

describe("the calls of a worker", () => {
  it("in an idle hour, whose clocks are the test's: a poll of 20 s each", async (t) => {
    let queue: IdleQueue | undefined;
    for (const [clock, now] of [
      [Date, Date.now()],
      [performance, Math.floor(performance.now())],
    ] as const) {
      t.mock.method(clock, "now", () => now + (queue?.aheadMs ?? 0));
    }
    const client = (config: Fixture["config"]): IdleQueue => {
      queue = new IdleQueue(config);
      return queue;
    };
    let shouldWorkerTerminate = 0;
    const ask = async () => {
      shouldWorkerTerminate += 1;
      return { terminate: false, reason: "needed" };
    };
    const watch = new TerminationWatch(ask, { wanted: () => assert.fail(), failed: () => assert.fail() });
    const config = { pollingInterval: defaultConfig.pollingInterval };
    const fixture = await Fixture.start(t, { client, config, beforePoll: () => watch.look() });
    assert.ok(queue);
    queue.worker = fixture.worker;
    await fixture.run();
    assert.deepEqual(queue.calls, rates.idleHour.calls);
    assert.deepEqual({ shouldWorkerTerminate }, rates.managedHour.calls);
  });

  it("for a short task of generic-worker's dialect", async (t) => {
    assert.deepEqual(await callsOf(t, noop), rates.short.calls);
  });

  it("for a short task of taskcluster-worker's dialect, whose link is asked for once", async (t) => {
    const { origin, seen } = await serveLinks(t, { "/a.sh": (_, response) => response.end("#!/bin/sh\n") });
    assert.deepEqual(await callsOf(t, { link: `${origin}/a.sh`, maxRunTime: 60 }), rates.short.calls);
    assert.equal(seen.length, 1);
  });

  it("for a short task without a live log", async (t) => {
    assert.deepEqual(await callsOf(t, { ...noop, features: { liveLog: false } }), rates.silent.calls);
  });

  it("for a task that is renewed", async (t) => {
    assert.deepEqual(await callsOfLong(t), rates.long.calls);
  });

  it("for a task that is renewed, with files for the object service", async (t) => {
    assert.deepEqual(await callsOfLong(t, { createObjectArtifacts: true }), rates.objects.calls);
  });

  it("in an hour of a running task, by the settings' defaults", () => {
    const { cancelCheckSecs, reclaimOffset } = defaultConfig;
    const calls = {
      reclaimTask: Math.floor(hourMs / (claimMs - reclaimOffset * 1000)),
      status: hourMs / (cancelCheckSecs * 1000),
    };
    assert.deepEqual(calls, rates.runningHour.calls);
  });

  it("are as docs/network.md says", async (t) => {
    const page = await readFile(join(import.meta.dirname, "../../docs/network.md"), "utf8");
    assert.ok(page.includes(ratesTable()), ratesTable());
    for (const line of ratesTable().split("\n")) t.diagnostic(line);
  });
});
