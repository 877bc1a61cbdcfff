// The numbers are those of the list of things that a naive fake queue gets wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { taskcluster } from "./client.ts";
import { definition, iso, minutes, pool, refused, signedFetch, startFixture, worker } from "./fixture.ts";

test("1: claimWork hangs until a task is pending, and one task goes to one waiter", async (t) => {
  const { worker: client, createTask } = await startFixture(t, { longPollMs: 1500 });
  const waiting = [1, 2, 3].map(() => client.claimWork(pool, { ...worker, tasks: 5 }));
  const begun = performance.now();
  const firstAnswer = Promise.race(waiting);
  const taskId = await createTask();
  assert.equal((await firstAnswer).tasks[0]?.status.taskId, taskId);
  assert.ok(performance.now() - begun < 1400, "the answer came at once");
  const answers = await Promise.all(waiting);
  assert.equal(answers.flatMap(({ tasks }) => tasks).length, 1);
});

test("1: a waiting claimWork gets a retry run", async (t) => {
  const { worker: client, claimedTask } = await startFixture(t, { longPollMs: 5000 });
  const { taskId, task } = await claimedTask();
  const waiting = client.claimWork(pool, { ...worker, tasks: 1 });
  await task.reportException(taskId, 0, { reason: "worker-shutdown" });
  const [claim] = (await waiting).tasks;
  assert.equal(claim?.runId, 1);
  assert.equal(claim?.status.runs[1]?.reasonCreated, "retry");
});

test("1: claimWork answers no tasks after the long poll", async (t) => {
  const { claim } = await startFixture(t, { longPollMs: 120 });
  const begun = performance.now();
  assert.deepEqual(await claim(), []);
  assert.ok(performance.now() - begun >= 119);
});

test("1: nothing is claimed for a client that has gone away", async (t) => {
  const { queue, apiUrl, anonymous, createTask, claim } = await startFixture(t, { longPollMs: 5000 });
  const controller = new AbortController();
  const body = JSON.stringify({ ...worker, tasks: 1 });
  const init = { method: "POST", body, signal: controller.signal };
  const gone = signedFetch(`${apiUrl}/claim-work/${pool}`, init, queue.rootCredentials);
  // A round trip later the queue has seen the call; one more, and it has seen that the caller is gone.
  await anonymous.ping();
  await anonymous.ping();
  controller.abort();
  await assert.rejects(gone, { name: "AbortError" });
  await anonymous.ping();
  await anonymous.ping();
  const taskId = await createTask();
  assert.equal((await claim())[0]?.status.taskId, taskId);
});

test("2: fewer claims than asked for are answered at once, and more than 32 cannot be asked for", async (t) => {
  const { worker: client, createTask, claim } = await startFixture(t, { longPollMs: 60_000 });
  await Promise.all([createTask(), createTask()]);
  assert.equal((await claim(32)).length, 2);
  await refused(client.claimWork(pool, { ...worker, tasks: 33 }), 400, "InputValidationError");
  await refused(client.claimWork(pool, { ...worker, tasks: 0 }), 400, "InputValidationError");
});

test("2: the number of tasks defaults to one", async (t) => {
  const { worker: client, createTask } = await startFixture(t);
  await Promise.all([createTask(), createTask()]);
  assert.equal((await client.claimWork(pool, worker)).tasks.length, 1);
});

test("3: the worker's own credentials cannot reclaim, resolve or create artifacts", async (t) => {
  const { worker: client, claimedTask } = await startFixture(t);
  const { taskId } = await claimedTask();
  await refused(client.reclaimTask(taskId, 0), 403, "InsufficientScopes");
  await refused(client.reportCompleted(taskId, 0), 403, "InsufficientScopes");
  await refused(client.createArtifact(taskId, 0, "a", {}), 403, "InsufficientScopes");
});

test("3: the credentials of a claim end with it, five minutes of skew allowed", async (t) => {
  const { claimedTask, clientOf, advance } = await startFixture(t, { claimTimeoutMs: minutes(20) });
  const { taskId, task } = await claimedTask({});
  advance(minutes(18));
  const { credentials } = await task.reclaimTask(taskId, 0);
  advance(minutes(6));
  await task.reclaimTask(taskId, 0);
  advance(minutes(2));
  await refused(task.reclaimTask(taskId, 0), 401, "AuthenticationFailed");
  await clientOf({ credentials }).reportCompleted(taskId, 0);
});

test("3: the credentials of one run are no good for another task", async (t) => {
  const { claimedTask } = await startFixture(t);
  const [one, other] = [await claimedTask(), await claimedTask()];
  await refused(one.task.reportCompleted(other.taskId, 0), 403, "InsufficientScopes");
});

test("4: only a claim that was not reclaimed expires", async (t) => {
  const { queue, root, claimedTask, advance } = await startFixture(t, { claimTimeoutMs: minutes(20) });
  const { taskId, claim, task } = await claimedTask();
  advance(minutes(15));
  const { takenUntil } = await task.reclaimTask(taskId, 0);
  assert.ok(Date.parse(takenUntil) >= Date.parse(claim.takenUntil) + minutes(15));
  advance(minutes(10));
  queue.resolveExpired();
  assert.equal((await root.status(taskId)).status.state, "running");
  advance(minutes(11));
  queue.resolveExpired();
  const { status } = await root.status(taskId);
  assert.equal(status.runs[0]?.reasonResolved, "claim-expired");
  assert.equal(status.runs[1]?.reasonCreated, "retry");
});

test("4: a claim that has expired can be reclaimed as long as nobody has noticed", async (t) => {
  const { queue, root, claimedTask, advance } = await startFixture(t, { claimTimeoutMs: minutes(20) });
  const { taskId, task } = await claimedTask();
  advance(minutes(21));
  await task.reclaimTask(taskId, 0);
  queue.resolveExpired();
  assert.equal((await root.status(taskId)).status.runs.length, 1);
});

test("4: an expired claim is noticed without being asked for", async (t) => {
  const { queue, claimedTask } = await startFixture(t, { claimTimeoutMs: 100, resolverPollMs: 20 });
  const { taskId } = await claimedTask();
  const status = await queue.waitFor(taskId, ({ runs }) => runs.length === 2, 5000);
  assert.equal(status.runs[0]?.reasonResolved, "claim-expired");
});

test("5: reclaiming is 409 after a resolution or a cancel, 404 for an unknown run, 409 past the deadline", async (t) => {
  const { root, claimedTask, advance, queue } = await startFixture(t, { claimTimeoutMs: minutes(120) });
  const resolved = await claimedTask();
  await resolved.task.reportFailed(resolved.taskId, 0);
  await refused(resolved.task.reclaimTask(resolved.taskId, 0), 409, "RequestConflict");
  const cancelled = await claimedTask();
  await root.cancelTask(cancelled.taskId);
  await refused(cancelled.task.reclaimTask(cancelled.taskId, 0), 409, "RequestConflict");
  await refused(root.reclaimTask(cancelled.taskId, 7), 404, "ResourceNotFound");
  await refused(root.reclaimTask(taskcluster.slugid(), 0), 404, "ResourceNotFound");
  const late = await claimedTask();
  advance(minutes(60));
  queue.resolveExpired();
  assert.equal((await root.status(late.taskId)).status.state, "running");
  await refused(late.task.reclaimTask(late.taskId, 0), 409, "RequestConflict");
});

test("18: a quarantined worker waits the whole long poll for nothing and can do the rest", async (t) => {
  const { queue, claimedTask, createTask, claim, advance, now } = await startFixture(t, { longPollMs: 150 });
  const { taskId, task } = await claimedTask();
  await createTask();
  queue.quarantine(worker.workerGroup, worker.workerId, new Date(now() + minutes(10)));
  const begun = performance.now();
  assert.deepEqual(await claim(), []);
  assert.ok(performance.now() - begun >= 149);
  await task.reportCompleted(taskId, 0);
  advance(minutes(11));
  assert.equal((await claim()).length, 1);
});

test("20: a task cancelled while pending is claimed by nobody", async (t) => {
  const { root, createTask, claim } = await startFixture(t);
  const taskId = await createTask();
  const { status } = await root.cancelTask(taskId);
  assert.equal(status.runs[0]?.reasonResolved, "canceled");
  assert.deepEqual(await claim(), []);
});

test("21: a claim whose answer was lost stays running until it expires, then the task is retried", async (t) => {
  const { queue, root, createTask, claim, advance } = await startFixture(t, { claimTimeoutMs: minutes(20) });
  const taskId = await createTask();
  queue.faults = { dropResponse: { method: "claimWork", times: 1 } };
  await assert.rejects(claim(), (error: unknown) => error instanceof Error && !("statusCode" in error));
  assert.equal((await root.status(taskId)).status.state, "running");
  assert.deepEqual(await claim(), []);
  advance(minutes(20));
  queue.resolveExpired();
  assert.equal((await claim())[0]?.runId, 1);
});

test("22: the scopes of the task are part of the claim's credentials, and a trailing asterisk counts", async (t) => {
  const { claimedTask, now } = await startFixture(t);
  const scopes = ["queue:create-task:project:*", "queue:scheduler-id:-", `queue:create-task:lowest:${pool}`];
  const { task } = await claimedTask({ scopes });
  await task.createTask(taskcluster.slugid(), definition(now()));
  await refused(
    task.createTask(taskcluster.slugid(), definition(now(), { priority: "low" })),
    403,
    "InsufficientScopes",
  );
});

test("a claim carries the task with every default, and when it must be reclaimed", async (t) => {
  const { claimedTask, now } = await startFixture(t, { claimTimeoutMs: minutes(20) });
  const { taskId, claim } = await claimedTask({ payload: { any: ["thing"] } });
  assert.deepEqual(claim.task.payload, { any: ["thing"] });
  assert.equal(claim.task.taskGroupId, taskId);
  assert.deepEqual(claim.task.extra, {});
  assert.ok(Math.abs(Date.parse(claim.takenUntil) - now() - minutes(20)) < 5000);
  assert.equal(claim.takenUntil, claim.status.runs[0]?.takenUntil);
  assert.ok(claim.task.expires > iso(now() + minutes(300 * 24 * 60)));
});
