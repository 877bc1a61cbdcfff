import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { liveLogPlugin } from "../../agent/plugins/livelog.ts";
import { taskLogPlugin } from "../../agent/plugins/tasklog.ts";
import { claimedRun, fewRetries } from "../artifacts/claimed-run.ts";

const name = "public/logs/task.log";

for (const end of ["finished", "exception"] as const) {
  test(`on a worker without live logs a taskcluster-worker task leaves a plain log when it ends as ${end}`, async (t) => {
    const run = await claimedRun(t, { dialect: "taskcluster-worker" }, { enableLiveLog: false });
    const hooks = taskLogPlugin(fewRetries).newTaskPlugin(run.task);
    run.task.log.raw("hello");
    await run.task.log.close();
    if (end === "finished") await hooks?.finished?.(true);
    else await hooks?.exception?.("malformed-payload");
    assert.equal(gunzipSync(await run.stored(name)).toString(), "hello\n");
  });
}

test("nothing is uploaded once the claim is lost", async (t) => {
  const run = await claimedRun(t, { dialect: "taskcluster-worker" }, { enableLiveLog: false });
  await run.task.log.close();
  await taskLogPlugin(fewRetries).newTaskPlugin(run.task)?.exception?.("claim-lost");
  assert.equal(run.artifact(name), undefined);
});

test("where there are live logs, or for the other dialect, it has nothing to do", async (t) => {
  const withLive = await claimedRun(t, { dialect: "taskcluster-worker" });
  const other = await claimedRun(t, { dialect: "generic-worker" }, { enableLiveLog: false });
  assert.equal(taskLogPlugin().newTaskPlugin(withLive.task), null);
  assert.equal(taskLogPlugin().newTaskPlugin(other.task), null);
});

test("a worker whose settings ask for it has it beside the live log, and one may have it switched off", async (t) => {
  const payload = { dialect: "taskcluster-worker" } as const;
  const beside = await claimedRun(t, payload, { plugins: { tasklog: {} } });
  assert.ok(taskLogPlugin().newTaskPlugin(beside.task));
  assert.ok(liveLogPlugin(null).newTaskPlugin(beside.task));
  const instead = await claimedRun(t, payload, { plugins: { disabled: ["livelog"] } });
  assert.ok(taskLogPlugin().newTaskPlugin(instead.task));
  assert.equal(liveLogPlugin(null).newTaskPlugin(instead.task), null);
  const neither = await claimedRun(t, payload, { plugins: { disabled: ["livelog", "tasklog"] } });
  assert.equal(taskLogPlugin().newTaskPlugin(neither.task), null);
});
