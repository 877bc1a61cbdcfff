import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { type AgentServer, startServer } from "../../agent/http/server.ts";
import type { TaskPayload } from "../../agent/payload/payload.ts";
import { liveLogPlugin } from "../../agent/plugins/livelog.ts";
import type { TaskPlugin } from "../../agent/plugins/plugin.ts";
import { type ClaimedRun, claimedRun, fewRetries } from "../artifacts/claimed-run.ts";
import { noBuilder } from "./no-builder.ts";

const live = "public/logs/live.log";
const backing = "public/logs/live_backing.log";

interface Logged extends ClaimedRun {
  readonly server: AgentServer;
  readonly hooks: TaskPlugin | null;
}

async function logged(t: TestContext, payload: Partial<TaskPayload> = {}, enableLiveLog = true): Promise<Logged> {
  const run = await claimedRun(t, payload, { enableLiveLog });
  const server = await startServer({ publicIP: "", livelogExposePort: 0 });
  t.after(() => server.close());
  return { ...run, server, hooks: liveLogPlugin(server.liveLogs, fewRetries).newTaskPlugin(run.task) };
}

test("the live log can be read at the address of its artifact while the task runs", async (t) => {
  const { task, hooks, artifact } = await logged(t);
  await hooks?.buildSandbox?.(noBuilder);
  const { storageType, contentType, url = "" } = artifact(live) ?? {};
  assert.deepEqual([storageType, contentType], ["reference", "text/plain; charset=utf-8"]);
  const response = await fetch(url);
  task.log.raw("hello");
  await task.log.close();
  assert.equal(await response.text(), "hello\n");
});

test("afterwards the log is stored compressed, and the live log leads to it", async (t) => {
  const { task, hooks, artifact, stored } = await logged(t);
  await hooks?.buildSandbox?.(noBuilder);
  const { url = "" } = artifact(live) ?? {};
  task.log.raw("hello");
  await task.log.close();
  await hooks?.finished?.(true);
  assert.equal(gunzipSync(await stored(backing)).toString(), "hello\n");
  assert.equal(artifact(backing)?.contentType, "text/plain; charset=utf-8");
  const { storageType, link } = artifact(live) ?? {};
  assert.deepEqual([storageType, link], ["link", backing]);
  assert.equal((await fetch(url)).status, 404);
});

test("a run that ends in an exception leaves its log too, though nothing was built", async (t) => {
  const { task, hooks, artifact, stored } = await logged(t);
  task.log.error("why");
  await task.log.close();
  await hooks?.exception?.("malformed-payload");
  assert.equal(gunzipSync(await stored(backing)).toString(), "[taskcluster:error] why\n");
  assert.equal(artifact(live)?.link, backing);
});

test("nothing is uploaded once the claim is lost, and the address is dead", async (t) => {
  const { task, hooks, artifact } = await logged(t);
  await hooks?.buildSandbox?.(noBuilder);
  const { url = "" } = artifact(live) ?? {};
  await task.log.close();
  await hooks?.exception?.("claim-lost");
  await hooks?.dispose?.();
  assert.equal(artifact(backing), undefined);
  assert.equal((await fetch(url)).status, 404);
});

test("a worker without an HTTP server runs the task without a live log, and says so", async (t) => {
  const { task, artifact, logText } = await claimedRun(t);
  const hooks = liveLogPlugin(null, fewRetries).newTaskPlugin(task);
  await hooks?.buildSandbox?.(noBuilder);
  assert.equal(artifact(live), undefined);
  assert.match(await logText(), /\[taskcluster:warn .*\] There is no live log: /);
  await hooks?.finished?.(true);
  assert.equal(artifact(live)?.link, backing);
});

test("a queue that refuses the live log does not stop the task", async (t) => {
  const { task, hooks, logText } = await logged(t);
  const { expires } = task.task;
  const other = { storageType: "s3", expires, contentType: "text/plain" } as const;
  await task.queue.createArtifact(live, other, { withinMs: 10_000, signal: task.signal });
  await hooks?.buildSandbox?.(noBuilder);
  assert.match(await logText(), /There is no live log: /);
});

test("the names are those of the payload", async (t) => {
  const { task, hooks, artifact } = await logged(t, { logs: { live: "a/live", backing: "b/backing" } });
  await hooks?.buildSandbox?.(noBuilder);
  await task.log.close();
  await hooks?.finished?.(true);
  assert.equal(artifact("a/live")?.link, "b/backing");
  assert.ok(artifact("b/backing")?.blob);
});

test("without the live log there is still the backing log", async (t) => {
  const { task, hooks, artifact } = await logged(t, {
    features: { liveLog: false, backingLog: true, resourceMonitor: true },
  });
  await hooks?.buildSandbox?.(noBuilder);
  await task.log.close();
  await hooks?.finished?.(true);
  assert.equal(artifact(live), undefined);
  assert.ok(artifact(backing)?.blob);
});

test("without the backing log the live log ends with the task", async (t) => {
  const { task, hooks, artifact } = await logged(t, {
    features: { liveLog: true, backingLog: false, resourceMonitor: true },
  });
  await hooks?.buildSandbox?.(noBuilder);
  await task.log.close();
  await hooks?.finished?.(true);
  assert.equal(artifact(live)?.storageType, "reference");
  assert.equal(artifact(backing), undefined);
});

test("a task that wants neither log, or a worker that gives none to its dialect, has no such plugin", async (t) => {
  assert.equal(
    (await logged(t, { features: { liveLog: false, backingLog: false, resourceMonitor: true } })).hooks,
    null,
  );
  assert.equal((await logged(t, { dialect: "taskcluster-worker" }, false)).hooks, null);
});
