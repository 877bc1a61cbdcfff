import assert from "node:assert/strict";
import { test } from "node:test";
import { rebootPlugin } from "../../agent/plugins/reboot.ts";
import { claimedRun } from "../artifacts/claimed-run.ts";
import { controlled, stopClock } from "./controlled.ts";

test("the worker ends with the last task of taskLimit", async (t) => {
  const { task } = await claimedRun(t);
  const worker = controlled();
  const plugin = rebootPlugin({ taskLimit: 2 }, worker);
  plugin.newTaskPlugin(task);
  assert.deepEqual(worker.done, []);
  plugin.newTaskPlugin(task);
  plugin.newTaskPlugin(task);
  assert.deepEqual(worker.done, ["gracefully: plugins.reboot.taskLimit of 2 is reached"]);
});

test("the worker ends when maxLifeCycle is over", (t) => {
  const pass = stopClock(t);
  const worker = controlled();
  rebootPlugin({ maxLifeCycle: "1 minute" }, worker);
  pass(59_999);
  assert.deepEqual(worker.done, []);
  for (const ms of [1, 1]) pass(ms);
  assert.deepEqual(worker.done, ["gracefully: plugins.reboot.maxLifeCycle of 60 s is over"]);
});

test("without settings, and after the worker's end, nothing happens", async (t) => {
  const { task } = await claimedRun(t);
  const pass = stopClock(t);
  const worker = controlled();
  rebootPlugin({}, worker).newTaskPlugin(task);
  rebootPlugin({ maxLifeCycle: 5 }, worker).close?.();
  pass(1e9);
  assert.deepEqual(worker.done, []);
  t.mock.timers.reset();
});
