import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import type { Sandbox } from "../../agent/engine/engine.ts";
import { LazyShellServer } from "../../agent/http/lazy-shell-server.ts";
import { genericWorkersShell, taskclusterWorkersShell } from "../../agent/payload/interactive.ts";
import type { InteractiveSpec } from "../../agent/payload/payload.ts";
import { interactivePlugin } from "../../agent/plugins/interactive.ts";
import { claimedRun, fewRetries } from "../artifacts/claimed-run.ts";

const never = () => assert.fail("nobody opens a shell");
const sandbox: Sandbox = {
  user: { name: "task_x", uid: 5500, home: "/Users/task_x/home" },
  ...{ run: never, openShell: never, kill: never, finish: never, dispose: never },
};
const classic = taskclusterWorkersShell({ disableDisplay: true, disableShell: false }, {});

async function interactive(t: TestContext, spec: InteractiveSpec | null) {
  const run = await claimedRun(t, { interactive: spec });
  const server = new LazyShellServer({ publicIP: "", interactivePort: 0 });
  t.after(() => server.close());
  return { ...run, hooks: interactivePlugin(server, fewRetries).newTaskPlugin(run.task) };
}

test("a task that does not ask for a shell has none", async (t) => {
  const { hooks } = await interactive(t, null);
  assert.equal(hooks, null);
});

test("the artifact of generic-worker's dialect leads to the page until the task is disposed", async (t) => {
  const { task, hooks, artifact } = await interactive(t, genericWorkersShell);
  await hooks?.started?.(sandbox);
  const { storageType, contentType, expires, url = "" } = artifact("private/generic-worker/shell.html") ?? {};
  assert.deepEqual([storageType, contentType], ["reference", "text/html; charset=utf-8"]);
  assert.equal(expires, task.task.deadline);
  assert.equal((await fetch(url)).status, 200);
  await hooks?.commandsEnded?.();
  await hooks?.dispose?.();
  assert.equal((await fetch(url)).status, 401);
});

test("taskcluster-worker's dialect has the address of the socket in a file, too", async (t) => {
  const { hooks, artifact, stored } = await interactive(t, classic);
  await hooks?.started?.(sandbox);
  const { url = "" } = artifact("private/interactive/shell.html") ?? {};
  const sockets: unknown = JSON.parse((await stored("private/interactive/sockets.json")).toString());
  const shellSocketUrl = `${url.replace("http", "ws")}/taskcluster-worker`;
  assert.deepEqual(sockets, { version: 2, shellSocketUrl });
  assert.equal(artifact("private/interactive/display.html"), undefined);
  await hooks?.dispose?.();
});

test("a task goes without a shell while the port is taken, says so, and the next one tries again", async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  assert(typeof address === "object" && address);
  const server = new LazyShellServer({ publicIP: "", interactivePort: address.port });
  t.after(() => server.close());
  const plugin = interactivePlugin(server, fewRetries);
  const page = "private/generic-worker/shell.html";

  const early = await claimedRun(t, { interactive: genericWorkersShell });
  const hooks = plugin.newTaskPlugin(early.task);
  await hooks?.started?.(sandbox);
  await hooks?.commandsEnded?.();
  await hooks?.dispose?.();
  assert.equal(early.artifact(page), undefined);
  assert.match(await early.logText(), /\[taskcluster:warn .*\] Interactive shells cannot be used: .*EADDRINUSE/);

  holder.close();
  await once(holder, "close");
  const late = await claimedRun(t, { interactive: genericWorkersShell });
  await plugin.newTaskPlugin(late.task)?.started?.(sandbox);
  assert.equal(late.artifact(page)?.storageType, "reference");
});

test("a queue that takes no artifact leaves the task without a shell, and the log says so", async (t) => {
  const { task, logText } = await claimedRun(t, { interactive: genericWorkersShell });
  const server = new LazyShellServer({ publicIP: "", interactivePort: 0 });
  t.after(() => server.close());
  const createArtifact = () => Promise.reject(new Error("the queue is away"));
  const queue = Object.assign(Object.create(task.queue), { createArtifact });
  const hooks = interactivePlugin(server, fewRetries).newTaskPlugin({ ...task, queue });
  await hooks?.started?.(sandbox);
  await hooks?.dispose?.();
  assert.match(await logText(), /Interactive shells cannot be used: /);
});
