import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { AgentConfig } from "../../agent/config.ts";
import type { Sandbox } from "../../agent/engine/engine.ts";
import { MemoryWatch } from "../../agent/memory/watch.ts";
import type { TaskPayload } from "../../agent/payload/payload.ts";
import { resourceMonitorPlugin } from "../../agent/plugins/resourcemonitor.ts";
import { claimedRun } from "../artifacts/claimed-run.ts";
import { ScriptedMachine } from "../memory/scripted-machine.ts";

const limits = { maxMemoryUsagePercent: 90, minAvailableMemoryBytes: 2048, allowedHighMemoryDurationSecs: 0 };
const untouched = () => assert.fail("this plugin must leave the sandbox alone");
const sandbox: Sandbox = {
  user: { name: "task_x", uid: 5500, home: "/Users/task_x/home" },
  ...{ run: untouched, openShell: untouched, kill: untouched, finish: untouched, dispose: untouched },
};

async function watched(t: TestContext, settings: Partial<AgentConfig> = {}, payload: Partial<TaskPayload> = {}) {
  const run = await claimedRun(t, payload, { ...limits, ...settings });
  const machine = new ScriptedMachine();
  machine.users = new Map([[sandbox.user.uid, 10]]);
  const hooks = resourceMonitorPlugin(new MemoryWatch(machine, 1)).newTaskPlugin(run.task);
  t.after(() => hooks?.dispose?.());
  return { ...run, machine, hooks };
}

test("a task that has most memory when there is too little is ended, once", async (t) => {
  const { hooks, machine, causes, logText } = await watched(t);
  await hooks?.started?.(sandbox);
  await machine.askedAgain(6);
  const limit = "above 90% and available memory less than 2.00 KiB";
  assert.deepEqual(causes, [{ kind: "out-of-memory", message: `task aborted due to sustained memory usage ${limit}` }]);
  assert.match(
    await logText(),
    /^\[taskcluster:warn [^\]]+\] Memory usage above 90% and available memory less than 2\.00 KiB persisted for over 0s!\n\[taskcluster:error\] Aborting task: [^\n]+\n$/,
  );
});

test("without the protection it goes on, and is told once", async (t) => {
  const { hooks, machine, causes, logText } = await watched(t, { disableOOMProtection: true });
  await hooks?.started?.(sandbox);
  await machine.askedAgain(6);
  assert.deepEqual(causes, []);
  assert.match(
    await logText(),
    /^[^\n]+persisted for over 0s!\n[^\n]+OOM protections are disabled, continuing task\.\.\.\n$/,
  );
});

test("a command has rows for what was seen while it ran, and the task is not watched after its last", async (t) => {
  const { hooks, machine, causes, results } = await watched(t, { allowedHighMemoryDurationSecs: 600 });
  machine.users = null;
  await hooks?.started?.(sandbox);
  const end = hooks?.command?.();
  await machine.askedAgain(2);
  assert.deepEqual(
    end?.().map(([label]) => label),
    ["Average Available System Memory", "Average System Memory Used", "Peak System Memory Used", "Total System Memory"],
  );
  assert.equal(await hooks?.stopped?.(results, true), true);
  assert.deepEqual(causes, []);
});

test("a task that wants no figures has none, and pays like any other when it has most memory", async (t) => {
  const features = { liveLog: true, backingLog: true, resourceMonitor: false };
  const { hooks, machine, causes } = await watched(t, {}, { features });
  await hooks?.started?.(sandbox);
  const end = hooks?.command?.();
  await machine.askedAgain(6);
  assert.deepEqual(end?.(), []);
  assert.deepEqual(
    causes.map(({ kind }) => kind),
    ["out-of-memory"],
  );
});

test("a task is not watched when the configuration has switched that off", async (t) => {
  assert.equal((await watched(t, { enableResourceMonitor: false })).hooks, null);
});
