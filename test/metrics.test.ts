import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, uptime } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { defaultConfig } from "../agent/config.ts";
import { Metrics } from "../agent/metrics.ts";
import type { RunId, TaskId } from "../agent/queue/types.ts";
import { TaskLog } from "../agent/task-log.ts";

const taskId = "A1ydaQ5HTrmeXT2N31xXqg" as TaskId; // checked: a task id, written here
const runId = 1 as RunId; // checked: a run number, written here
const pool = { provisionerId: "releng-hardware", workerType: "osx", workerId: "m4-81", region: "mdc" };
const always = {
  instanceType: "m4",
  region: "mdc",
  worker: "taskcluster-worker",
  workerId: "m4-81",
  workerPoolId: "releng-hardware/osx",
};

function recorded() {
  const lines: string[] = [];
  const metrics = new Metrics({ ...defaultConfig, ...pool, instanceType: "m4" }, (line) => lines.push(line));
  const events = () =>
    lines.map((line) => {
      const [, json = ""] = /^WORKER_METRICS (\{.*\})$/.exec(line) ?? [];
      return JSON.parse(json);
    });
  return { metrics, events };
}

test("a worker's start is the boot of its machine and its readiness, in whole seconds", () => {
  const { metrics, events } = recorded();
  metrics.ready();
  const [boot, ready] = events();
  assert.deepEqual({ ...boot, timestamp: 0 }, { eventType: "instanceBoot", timestamp: 0, ...always });
  assert.deepEqual({ ...ready, timestamp: 0 }, { eventType: "workerReady", timestamp: 0, ...always });
  assert(Number.isInteger(boot.timestamp) && Number.isInteger(ready.timestamp));
  assert(Math.abs(ready.timestamp - Date.now() / 1000) < 30);
  assert(Math.abs(ready.timestamp - boot.timestamp - uptime()) < 30);
});

test("a run is queued when its task was created, started, and finished", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "metrics-"));
  const log = await TaskLog.open(join(directory, "log"));
  t.after(async () => {
    await log.close();
    await rm(directory, { recursive: true });
  });
  const { metrics, events } = recorded();
  const run = { taskId, runId };
  metrics.take({ event: "claimed", ...run, created: "2026-01-31T12:00:00.500Z", log });
  metrics.take({ event: "started", ...run });
  metrics.take({ event: "resolved", ...run, state: "failed", reason: null, message: null, reported: true });
  assert.deepEqual(
    events().map(({ eventType }) => eventType),
    ["taskQueued", "taskStart", "taskFinish"],
  );
  assert.deepEqual(events()[0], { eventType: "taskQueued", ...run, timestamp: 1_769_860_800, ...always });
});

test("a machine that is to shut down is told last", () => {
  const { metrics, events } = recorded();
  metrics.shutdown();
  assert.equal(events()[0].eventType, "instanceShutdown");
});
