import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { AgentConfig } from "../../agent/config.ts";
import type { SandboxBuilder } from "../../agent/engine/engine.ts";
import { envPlugin } from "../../agent/plugins/env.ts";
import { claimedRun } from "../artifacts/claimed-run.ts";

async function build(
  t: TestContext,
  env: Record<string, string>,
  settings: Partial<AgentConfig> = {},
): Promise<{ set: Map<string, string>; run: Awaited<ReturnType<typeof claimedRun>> }> {
  const run = await claimedRun(t, { env }, settings);
  const set = new Map<string, string>();
  const builder: SandboxBuilder = {
    user: { name: "task_x", uid: 5500, home: "/Users/task_x/home" },
    setEnvironmentVariable: (name, value) => {
      assert.ok(!set.has(name), `${name} is set twice`);
      set.set(name, value);
    },
    placeFile: () => assert.fail("the environment is no file"),
    unpack: () => assert.fail("the environment is no archive"),
    startSandbox: () => assert.fail("a plugin must not start the sandbox"),
    dispose: () => assert.fail("a plugin must not dispose the builder"),
  };
  await envPlugin.newTaskPlugin(run.task)?.buildSandbox?.(builder);
  return { set, run };
}

test("a task has exactly this environment", async (t) => {
  const { set, run } = await build(t, {});
  assert.deepEqual(Object.fromEntries(set), {
    HOME: "/Users/task_x/home",
    USER: "task_x",
    LOGNAME: "task_x",
    SHELL: "/bin/bash",
    PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    TMPDIR: "/Users/task_x/home/tmp",
    TASK_ID: run.task.taskId,
    RUN_ID: "0",
    TASK_GROUP_ID: run.task.task.taskGroupId,
    TASK_WORKDIR: "/Users/task_x/home",
    TASKCLUSTER_ROOT_URL: run.local.rootUrl,
  });
});

test("a payload may add variables and change the defaults", async (t) => {
  const { set } = await build(t, { PATH: "/opt/bin", HOME: "/elsewhere", MINE: "" });
  assert.equal(set.get("PATH"), "/opt/bin");
  assert.equal(set.get("HOME"), "/elsewhere");
  assert.equal(set.get("MINE"), "");
});

test("a payload cannot pretend to be another task", async (t) => {
  const { set, run } = await build(t, { TASK_ID: "other", RUN_ID: "9", TASKCLUSTER_ROOT_URL: "https://other" });
  assert.equal(set.get("TASK_ID"), run.task.taskId);
  assert.equal(set.get("RUN_ID"), "0");
  assert.equal(set.get("TASKCLUSTER_ROOT_URL"), run.local.rootUrl);
});

test("variables of the worker's settings lie between the defaults and the payload", async (t) => {
  const extra = { LANG: "C.UTF-8", PATH: "/opt/bin", MINE: "no", TASK_ID: "no" };
  const { set, run } = await build(t, { MINE: "yes" }, { plugins: { env: { extra } } });
  const found = ["LANG", "PATH", "MINE", "TASK_ID"].map((name) => set.get(name));
  assert.deepEqual(found, ["C.UTF-8", "/opt/bin", "yes", run.task.taskId]);
});

test("where the worker stands is told when it is configured", async (t) => {
  const { set } = await build(t, {}, { workerLocation: '{"cloud":"mac"}', instanceType: "m4" });
  assert.equal(set.get("TASKCLUSTER_WORKER_LOCATION"), '{"cloud":"mac"}');
  assert.equal(set.get("TASKCLUSTER_INSTANCE_TYPE"), "m4");
});

test("neither the credentials nor the environment of the agent are in it", async (t) => {
  const { set, run } = await build(t, {});
  const values = [...set.values()].join("\n");
  assert.ok(!values.includes(run.task.config.accessToken));
  assert.ok(![...set.keys()].some((name) => name.startsWith("NODE_") || name.endsWith("_TOKEN")));
});
