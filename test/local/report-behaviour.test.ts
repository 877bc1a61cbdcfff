import assert from "node:assert/strict";
import { test } from "node:test";
import { taskcluster } from "./client.ts";
import { definition, iso, minutes, refused, startFixture } from "./fixture.ts";

test("6: completed and failed can be reported again, but not one after the other", async (t) => {
  const { claimedTask } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  await task.reportCompleted(taskId, 0);
  assert.equal((await task.reportCompleted(taskId, 0)).status.state, "completed");
  await refused(task.reportFailed(taskId, 0), 409, "RequestConflict");
  await refused(task.reportException(taskId, 0, { reason: "internal-error" }), 409, "RequestConflict");
});

test("6: an exception can be reported again with the same reason only", async (t) => {
  const { claimedTask } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  await task.reportException(taskId, 0, { reason: "malformed-payload" });
  await task.reportException(taskId, 0, { reason: "malformed-payload" });
  await refused(task.reportException(taskId, 0, { reason: "internal-error" }), 409, "RequestConflict");
});

test("6: worker-shutdown can be reported again while there is one newer run at most", async (t) => {
  const { claimedTask, claim, clientOf } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  const shutdown = { reason: "worker-shutdown" };
  await task.reportException(taskId, 0, shutdown);
  const { status } = await task.reportException(taskId, 0, shutdown);
  assert.equal(status.runs.length, 2);
  const [second] = await claim();
  assert.ok(second);
  await clientOf(second).reportException(taskId, 1, shutdown);
  await refused(task.reportException(taskId, 0, shutdown), 409, "RequestConflict");
});

test("6: an old run cannot be completed once there is a newer one", async (t) => {
  const { root, claimedTask } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  await task.reportCompleted(taskId, 0);
  await root.rerunTask(taskId);
  await refused(task.reportCompleted(taskId, 0), 409, "RequestConflict");
});

test("6: only the five reasons of a worker can be reported", async (t) => {
  const { claimedTask } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  await refused(task.reportException(taskId, 0, { reason: "canceled" }), 400, "InputValidationError");
  await refused(task.reportException(taskId, 0, { reason: "claim-expired" }), 400, "InputValidationError");
});

test("7: worker-shutdown uses up the retries, internal-error does not retry", async (t) => {
  const { claimedTask, claim, clientOf } = await startFixture(t);
  const { taskId, task } = await claimedTask({ retries: 1 });
  const first = await task.reportException(taskId, 0, { reason: "worker-shutdown" });
  assert.equal(first.status.retriesLeft, 0);
  assert.equal(first.status.state, "pending");
  const [second] = await claim();
  assert.ok(second);
  const last = await clientOf(second).reportException(taskId, 1, { reason: "worker-shutdown" });
  assert.equal(last.status.state, "exception");
  const other = await claimedTask();
  const answer = await other.task.reportException(other.taskId, 0, { reason: "internal-error" });
  assert.equal(answer.status.state, "exception");
  assert.equal(answer.status.retriesLeft, 5);
});

test("8: a resolved run still says who ran it and when", async (t) => {
  const { anonymous, claimedTask } = await startFixture(t);
  const { taskId, claim, task } = await claimedTask();
  await task.reportCompleted(taskId, 0);
  const [run] = (await anonymous.status(taskId)).status.runs;
  assert.equal(run?.workerGroup, claim.workerGroup);
  assert.equal(run?.workerId, claim.workerId);
  assert.equal(run?.takenUntil, claim.takenUntil);
  assert.ok(run?.started && run.resolved && run.started <= run.resolved);
});

test("16: dates are normalised, and the same task in another spelling is the same task", async (t) => {
  const { root, now } = await startFixture(t);
  const taskId = taskcluster.slugid();
  const second = Math.floor(now() / 1000) * 1000;
  const short = (ms: number) => iso(ms).replace(".000Z", "Z");
  const task = definition(second, { created: short(second), deadline: short(second + minutes(60)) });
  const { status } = await root.createTask(taskId, task);
  assert.equal(status.deadline, iso(second + minutes(60)));
  await root.createTask(taskId, definition(second));
  await refused(root.createTask(taskId, definition(second, { priority: "high" })), 409, "RequestConflict");
});

test("17: past the deadline a run can still be completed until the queue resolves it", async (t) => {
  const { queue, root, claimedTask, advance } = await startFixture(t, {
    claimTimeoutMs: minutes(120),
    deadlineDelayMs: minutes(1),
  });
  const [inTime, tooLate] = [await claimedTask(), await claimedTask()];
  advance(minutes(60) + 1000);
  queue.resolveExpired();
  await refused(inTime.task.reclaimTask(inTime.taskId, 0), 409);
  assert.equal((await inTime.task.reportCompleted(inTime.taskId, 0)).status.state, "completed");
  advance(minutes(1));
  queue.resolveExpired();
  await refused(tooLate.task.reportCompleted(tooLate.taskId, 0), 409);
  assert.equal((await root.status(tooLate.taskId)).status.runs[0]?.reasonResolved, "deadline-exceeded");
});

test("24: a report whose answer was lost or that met a 503 can be repeated safely", async (t) => {
  const { queue, root, claimedTask } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  queue.faults = { dropResponse: { method: "reportException", times: 1 } };
  await assert.rejects(task.reportException(taskId, 0, { reason: "worker-shutdown" }));
  queue.faults = { status503: { method: "reportException", times: 1 } };
  await refused(task.reportException(taskId, 0, { reason: "worker-shutdown" }), 503);
  await task.reportException(taskId, 0, { reason: "worker-shutdown" });
  const { status } = await root.status(taskId);
  assert.deepEqual([status.runs.length, status.retriesLeft], [2, 4]);
});

test("24: createArtifact after a lost answer makes no second artifact", async (t) => {
  const { queue, claimedTask, now } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  const request = { storageType: "s3", contentType: "text/plain", expires: iso(now() + minutes(30)) };
  queue.faults = { dropResponse: { method: "createArtifact", times: 1 } };
  await assert.rejects(task.createArtifact(taskId, 0, "public/a", request));
  await task.createArtifact(taskId, 0, "public/a", request);
  assert.equal(queue.artifacts(taskId).length, 1);
});

test("the client's own retries get through a queue that answers 503 twice", async (t) => {
  const { queue, createTask } = await startFixture(t);
  const taskId = await createTask();
  queue.faults = { status503: 2 };
  const client = new taskcluster.Queue({ rootUrl: queue.rootUrl, delayFactor: 1 });
  assert.equal((await client.status(taskId)).status.state, "pending");
  assert.deepEqual(queue.faults, { status503: 0 });
});

test("a delay holds up every call", async (t) => {
  const { queue, anonymous } = await startFixture(t, { faults: { delayMs: 80 } });
  const begun = performance.now();
  await anonymous.ping();
  assert.ok(performance.now() - begun >= 79);
  assert.equal(queue.faults.delayMs, 80);
});
