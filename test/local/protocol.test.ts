import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startLocalQueue } from "../../agent/local/queue.ts";
import { taskcluster } from "./client.ts";
import { definition, iso, minutes, pool, refused, signedFetch, startFixture, worker } from "./fixture.ts";

test("15: calls without input need no Content-Type, calls with input need JSON", async (t) => {
  const { queue, apiUrl, claimedTask } = await startFixture(t);
  const { taskId, claim } = await claimedTask();
  const run = `${apiUrl}/task/${taskId}/runs/0`;
  const reclaim = await signedFetch(`${run}/reclaim`, { method: "POST" }, claim.credentials);
  assert.equal(reclaim.status, 200);
  const empty = { method: "POST", headers: { "content-type": "application/json" } };
  assert.equal((await signedFetch(`${run}/reclaim`, empty, claim.credentials)).status, 200);
  const body = JSON.stringify(worker);
  const plain = { method: "POST", body, headers: { "content-type": "text/plain" } };
  const refusal = await signedFetch(`${apiUrl}/claim-work/${pool}`, plain, queue.rootCredentials);
  assert.equal(refusal.status, 400);
  assert.match(await refusal.text(), /MalformedPayload/);
});

test("15: a body that is not JSON is MalformedPayload, before authentication", async (t) => {
  const { apiUrl } = await startFixture(t);
  const init = { method: "PUT", body: "{", headers: { "content-type": "application/json" } };
  const answer = await fetch(`${apiUrl}/task/${taskcluster.slugid()}`, init);
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /MalformedPayload/);
});

test("19: an error says which call failed, with what, and when", async (t) => {
  const { apiUrl, now, queue } = await startFixture(t);
  const taskId = taskcluster.slugid();
  const body = JSON.stringify(definition(now(), { priority: "normal" }));
  const answer = await signedFetch(`${apiUrl}/task/${taskId}`, { method: "PUT", body }, queue.rootCredentials);
  assert.equal(answer.status, 400);
  const error = JSON.parse(await answer.text());
  assert.deepEqual(Object.keys(error).sort(), ["code", "message", "requestInfo"]);
  assert.equal(error.code, "InputValidationError");
  assert.match(error.message, /data\.priority must be equal/);
  assert.match(
    error.message,
    /\n---\n\n\* method: {5}createTask\n\* errorCode: {2}InputValidationError\n\* statusCode: 400\n/,
  );
  const { method, params, payload, time } = error.requestInfo;
  assert.deepEqual(
    { method, params, priority: payload.priority },
    { method: "createTask", params: { taskId }, priority: "normal" },
  );
  assert.equal(new Date(time).toISOString(), time);
});

test("a parameter or a query option that is not allowed is InvalidRequestArguments", async (t) => {
  const { apiUrl, createTask } = await startFixture(t);
  const task = `${apiUrl}/task/${await createTask()}`;
  for (const url of [`${apiUrl}/task/x/status`, `${task}/status?y=1`, `${task}/artifacts?limit=none`]) {
    const answer = await fetch(url);
    assert.equal(answer.status, 400, url);
    assert.match(await answer.text(), /InvalidRequestArguments/);
  }
});

test("a body of more than 10 MiB is InputTooLarge", async (t) => {
  const { root, now } = await startFixture(t);
  const payload = { text: "x".repeat(10 * 1024 * 1024) };
  await refused(root.createTask(taskcluster.slugid(), definition(now(), { payload })), 413, "InputTooLarge");
});

test("a task that cannot be is refused with the reason", async (t) => {
  const { root, now } = await startFixture(t);
  const create = (fields: object) => root.createTask(taskcluster.slugid(), definition(now(), fields));
  const at = (count: number) => iso(now() + minutes(count));
  await refused(create({ created: at(-16) }), 400, "InputError");
  await refused(create({ created: at(-10), deadline: at(-5) }), 400, "InputError");
  await refused(create({ deadline: at(5 * 24 * 60 + 16) }), 400, "InputError");
  await refused(create({ expires: at(59) }), 400, "InputError");
  await refused(create({ scopes: ["a:**"] }), 400, "InputError");
  await refused(create({ taskQueueId: "other/mac" }), 400, "InputError");
  await refused(create({ provisionerId: undefined }), 400, "InputError");
  await refused(create({ dependencies: [taskcluster.slugid()] }), 400, "InputError");
  await create({ provisionerId: undefined, workerType: undefined, taskQueueId: pool });
});

test("the tasks of a group have one schedulerId", async (t) => {
  const { root, createTask, now } = await startFixture(t);
  const taskGroupId = taskcluster.slugid();
  await createTask({ taskGroupId, schedulerId: "one" });
  const other = definition(now(), { taskGroupId, schedulerId: "two" });
  await refused(root.createTask(taskcluster.slugid(), other), 409, "RequestConflict");
});

test("a task waits for its dependency, and can be scheduled without it", async (t) => {
  const { queue, root, claimedTask, createTask } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  const [waiting, forced] = [
    await createTask({ dependencies: [taskId] }),
    await createTask({ dependencies: [taskId] }),
  ];
  assert.equal((await root.status(waiting)).status.state, "unscheduled");
  assert.equal((await root.scheduleTask(forced)).status.state, "pending");
  await task.reportCompleted(taskId, 0);
  await queue.waitFor(waiting, ({ state }) => state === "pending");
  assert.equal((await root.status(forced)).status.runs.length, 1);
});

test("cancel and rerun are refused past the deadline", async (t) => {
  const { root, createTask, advance } = await startFixture(t);
  const taskId = await createTask();
  advance(minutes(61));
  await refused(root.cancelTask(taskId), 409, "RequestConflict");
  await refused(root.rerunTask(taskId), 409, "RequestConflict");
  await refused(root.scheduleTask(taskId), 409, "RequestConflict");
});

test("waitFor rejects when the task does not become what is waited for", async (t) => {
  const { queue, createTask } = await startFixture(t);
  const taskId = await createTask();
  await assert.rejects(
    queue.waitFor(taskId, ({ state }) => state === "completed", 20),
    /within 20 ms; it is .*pending/,
  );
  const broken = () => {
    throw new Error("broken predicate");
  };
  await assert.rejects(queue.waitFor(taskId, broken), /broken predicate/);
});

test("a listener hears of every change until it stops listening", async (t) => {
  const { queue, claimedTask } = await startFixture(t);
  const states: string[] = [];
  const stop = queue.onChange(({ state }) => states.push(state));
  const { taskId, task } = await claimedTask();
  stop();
  await task.reportCompleted(taskId, 0);
  assert.deepEqual(states, ["pending", "running"]);
});

test("closing ends a long poll at once and frees the port", async (t) => {
  const blobDir = await mkdtemp(join(tmpdir(), "local-queue-"));
  t.after(() => rm(blobDir, { recursive: true }));
  const queue = await startLocalQueue({ blobDir });
  const port = Number(new URL(queue.rootUrl).port);
  await assert.rejects(startLocalQueue({ blobDir, port }), { code: "EADDRINUSE" });
  const client = new taskcluster.Queue({ rootUrl: queue.rootUrl, credentials: queue.rootCredentials, retries: 0 });
  const waiting = client.claimWork(pool, { ...worker, tasks: 1 }).catch(() => "ended");
  await client.ping();
  const begun = performance.now();
  await queue.close();
  await waiting;
  assert.ok(performance.now() - begun < 5000);
  const again = await startLocalQueue({ blobDir, port });
  assert.equal(again.rootUrl, queue.rootUrl);
  await again.close();
});
