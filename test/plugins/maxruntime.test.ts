import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startAlarm } from "../../agent/alarm.ts";
import type { Sandbox } from "../../agent/engine/engine.ts";
import { maxRunTimePlugin } from "../../agent/plugins/maxruntime.ts";
import { claimedRun } from "../artifacts/claimed-run.ts";
import { stopClock } from "./controlled.ts";

const untouched = () => assert.fail("the plugin aborts the run and leaves the sandbox alone");
const sandbox: Sandbox = {
  user: { name: "task_x", uid: 5500, home: "/Users/task_x/home" },
  ...{ run: untouched, openShell: untouched, kill: untouched, finish: untouched, dispose: untouched },
};

async function started(t: TestContext, maxRunTimeSeconds: number | null, maxTaskRunTime = 3600) {
  const run = await claimedRun(t, { maxRunTimeSeconds }, { maxTaskRunTime });
  const pass = stopClock(t);
  const hooks = maxRunTimePlugin.newTaskPlugin(run.task);
  hooks?.command?.();
  return { ...run, pass, hooks };
}

test("a task that runs for too long is aborted once, and told why", async (t) => {
  const { pass, causes, logText } = await started(t, 60);
  pass(59_999);
  assert.deepEqual(causes, []);
  for (const ms of [1, 1, 100_000]) pass(ms);
  assert.deepEqual(causes, [{ kind: "max-run-time", message: "task aborted - max run time exceeded" }]);
  t.mock.timers.reset();
  assert.match(await logText(), /\[taskcluster:error\] Aborting task: .*maxRunTime of 60 s/);
});

test("the clock starts with the first command, and once", async (t) => {
  const { task, causes } = await claimedRun(t, { maxRunTimeSeconds: 60 });
  const pass = stopClock(t);
  const hooks = maxRunTimePlugin.newTaskPlugin(task);
  await hooks?.started?.(sandbox);
  pass(100_000);
  hooks?.command?.();
  pass(50_000);
  hooks?.command?.();
  assert.deepEqual(causes, []);
  for (const ms of [10_000, 1]) pass(ms);
  assert.equal(causes.length, 1);
  t.mock.timers.reset();
});

test("without a time of its own a task gets the longest of the worker", async (t) => {
  const { pass, causes } = await started(t, null, 7);
  for (const ms of [7000, 1]) pass(ms);
  assert.equal(causes.length, 1);
  t.mock.timers.reset();
});

test("the clock stops when the commands have ended, and does not fail the task", async (t) => {
  const { pass, causes, hooks, results } = await started(t, 60);
  assert.equal(await hooks?.stopped?.(results, true), true);
  pass(1_000_000);
  assert.deepEqual(causes, []);
  t.mock.timers.reset();
});

test("a run that ends before its commands do leaves no clock behind", async (t) => {
  const { pass, causes, hooks } = await started(t, 60);
  await hooks?.dispose?.();
  pass(1_000_000);
  assert.deepEqual(causes, []);
  t.mock.timers.reset();
});

test("a time longer than a timer of Node takes is kept, not cut", (t) => {
  let rung = 0;
  const pass = stopClock(t);
  startAlarm(2 ** 31 + 5000, () => rung++);
  for (const ms of [1, 2 ** 31 - 2, 5000]) pass(ms);
  assert.equal(rung, 0);
  for (const ms of [1, 1]) pass(ms);
  assert.equal(rung, 1);
});
