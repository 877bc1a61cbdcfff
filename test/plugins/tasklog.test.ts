import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
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
