import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Sandbox } from "../../agent/engine/engine.ts";
import { watchdogPlugin } from "../../agent/plugins/watchdog.ts";
import { claimedRun } from "../artifacts/claimed-run.ts";
import { controlled, stopClock } from "./controlled.ts";
import { noBuilder } from "./no-builder.ts";

const untouched = () => assert.fail("the watchdog leaves the sandbox alone");
const sandbox: Sandbox = {
  user: { name: "task_x", uid: 5500, home: "/Users/task_x/home" },
  ...{ run: untouched, openShell: untouched, kill: untouched, finish: untouched, dispose: untouched },
};
const bark = (seconds: number) => `now: nothing has happened for ${seconds} s (plugins.watchdog)`;

async function watched(t: TestContext) {
  const { task } = await claimedRun(t);
  const pass = stopClock(t);
  const worker = controlled();
  const plugin = watchdogPlugin({ timeout: 1 }, worker);
  const long = () => {
    for (const ms of [1000, 1]) pass(ms);
  };
  t.after(() => plugin.close?.());
  return { plugin, worker, pass, long, hooks: plugin.newTaskPlugin(task) };
}

test("a worker that gives signs of life stays, and one that gives none is ended", async (t) => {
  const { plugin, worker, pass, long, hooks } = await watched(t);
  const signs = [() => plugin.idle?.(), () => hooks?.finished?.(true), () => hooks?.dispose?.()];
  for (const sign of signs) {
    pass(600);
    await sign();
  }
  assert.deepEqual(worker.done, []);
  long();
  assert.deepEqual(worker.done, [bark(1)]);
  t.mock.timers.reset();
});

test("no time passes from when a task has its user, through its downloads and commands, to its end", async (t) => {
  const { plugin, worker, long, hooks } = await watched(t);
  await hooks?.buildSandbox?.(noBuilder);
  long();
  await hooks?.started?.(sandbox);
  plugin.idle?.();
  long();
  await hooks?.exception?.("internal-error");
  long();
  assert.deepEqual(worker.done, []);
  await hooks?.dispose?.();
  long();
  assert.deepEqual(worker.done, [bark(1)]);
  t.mock.timers.reset();
});

test("a task that never gets a user takes the worker's time, and its end does not make the time of another one run", async (t) => {
  const { plugin, worker, pass, long, hooks } = await watched(t);
  const other = plugin.newTaskPlugin((await claimedRun(t)).task);
  await other?.buildSandbox?.(noBuilder);
  await hooks?.exception?.("internal-error");
  await hooks?.dispose?.();
  long();
  assert.deepEqual(worker.done, []);
  await other?.dispose?.();
  pass(600);
  plugin.newTaskPlugin((await claimedRun(t)).task);
  long();
  assert.deepEqual(worker.done, [bark(1)]);
  t.mock.timers.reset();
});

test("the usual time is 45 minutes, and without the setting there is none", (t) => {
  const pass = stopClock(t);
  const [on, off] = [controlled(), controlled()];
  watchdogPlugin({}, on);
  watchdogPlugin(undefined, off);
  pass(45 * 60_000 - 1);
  assert.deepEqual(on.done, []);
  for (const ms of [1, 1, 1e9]) pass(ms);
  assert.deepEqual([on.done, off.done], [[bark(2700)], []]);
  t.mock.timers.reset();
});
