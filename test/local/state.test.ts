import assert from "node:assert/strict";
import { test } from "node:test";
import { QueueState } from "../../agent/local/state.ts";
import { statusOf, type TaskRecord, taskState } from "../../agent/local/task-record.ts";
import type { LocalTask, TaskStatus } from "../../agent/local/types.ts";

const start = Date.parse("2026-01-01T00:00:00.000Z");
const minute = 60_000;
const worker = { workerGroup: "office", workerId: "mac-1" };
const pool = "local/mac";

function localTask(fields: Partial<LocalTask> = {}): LocalTask {
  return {
    provisionerId: "local",
    workerType: "mac",
    taskQueueId: pool,
    schedulerId: "-",
    projectId: "none",
    taskGroupId: "group",
    dependencies: [],
    requires: "all-completed",
    routes: [],
    priority: "lowest",
    retries: 1,
    created: new Date(start).toISOString(),
    deadline: new Date(start + 60 * minute).toISOString(),
    expires: new Date(start + 600 * minute).toISOString(),
    scopes: [],
    payload: {},
    metadata: { name: "n", description: "d", owner: "o", source: "https://example.com" },
    tags: {},
    extra: {},
    ...fields,
  };
}

function setUp() {
  let time = start;
  const changes: TaskStatus[] = [];
  const pending: string[] = [];
  const state = new QueueState({
    now: () => time,
    claimTimeoutMs: 20 * minute,
    deadlineDelayMs: minute,
    onChange: (status) => changes.push(status),
    onPending: (taskQueueId) => pending.push(taskQueueId),
  });
  const create = (taskId: string, fields: Partial<LocalTask> = {}): TaskRecord => {
    const record = state.create(taskId, localTask(fields));
    assert.ok(record);
    return record;
  };
  const claimIds = (limit = 1) => state.claimNext(pool, worker, limit).map(({ record }) => record.taskId);
  const advance = (ms: number) => {
    time += ms;
  };
  return { state, create, claimIds, advance, changes, pending };
}

const runStates = (record: TaskRecord) => record.runs.map(({ state, reasonResolved }) => reasonResolved ?? state);

test("a new task without dependencies gets run 0, pending", () => {
  const { create, pending } = setUp();
  const record = create("a");
  assert.equal(taskState(record), "pending");
  assert.deepEqual(record.runs, [
    { runId: 0, state: "pending", reasonCreated: "scheduled", scheduled: "2026-01-01T00:00:00.000Z" },
  ]);
  assert.deepEqual(pending, [pool]);
});

test("a task created again must be the same task", () => {
  const { state, create } = setUp();
  const record = create("a");
  assert.equal(state.create("a", localTask()), record);
  assert.equal(state.create("a", localTask({ priority: "high" })), null);
  assert.equal(record.runs.length, 1);
});

test("a claim makes the run running and says until when", () => {
  const { state, create } = setUp();
  const record = create("a");
  const [claim] = state.claimNext(pool, worker, 1);
  assert.equal(claim?.takenUntil, "2026-01-01T00:20:00.000Z");
  assert.deepEqual(
    { ...record.runs[0] },
    {
      runId: 0,
      state: "running",
      reasonCreated: "scheduled",
      scheduled: "2026-01-01T00:00:00.000Z",
      started: "2026-01-01T00:00:00.000Z",
      takenUntil: "2026-01-01T00:20:00.000Z",
      ...worker,
    },
  );
});

test("claims come by priority, then by age", () => {
  const { create, claimIds } = setUp();
  create("low-1", { priority: "low" });
  create("highest", { priority: "highest" });
  create("low-2", { priority: "low" });
  create("lowest");
  assert.deepEqual(claimIds(3), ["highest", "low-1", "low-2"]);
  assert.deepEqual(claimIds(3), ["lowest"]);
});

test("a retry run goes to the back of its priority", () => {
  const { state, create, claimIds } = setUp();
  const first = create("first");
  create("second");
  assert.deepEqual(claimIds(), ["first"]);
  state.resolve(first, 0, { state: "exception", reason: "worker-shutdown" });
  assert.deepEqual(claimIds(2), ["second", "first"]);
});

test("worker-shutdown and intermittent-task use up the retries, then the task is an exception", () => {
  const { state, create, claimIds } = setUp();
  const record = create("a", { retries: 2 });
  claimIds();
  state.resolve(record, 0, { state: "exception", reason: "worker-shutdown" });
  claimIds();
  state.resolve(record, 1, { state: "exception", reason: "intermittent-task" });
  claimIds();
  assert.equal(record.retriesLeft, 0);
  assert.deepEqual(
    record.runs.map(({ reasonCreated }) => reasonCreated),
    ["scheduled", "retry", "task-retry"],
  );
  state.resolve(record, 2, { state: "exception", reason: "worker-shutdown" });
  assert.equal(record.runs.length, 3);
  assert.equal(taskState(record), "exception");
});

for (const reason of ["malformed-payload", "internal-error", "resource-unavailable"] as const) {
  test(`${reason} is never retried`, () => {
    const { state, create, claimIds } = setUp();
    const record = create("a");
    claimIds();
    assert.ok(state.resolve(record, 0, { state: "exception", reason }));
    assert.deepEqual(runStates(record), [reason]);
    assert.equal(record.retriesLeft, 1);
  });
}

test("a claim that is not reclaimed expires and the run is retried", () => {
  const { state, create, claimIds, advance } = setUp();
  const record = create("a");
  claimIds();
  advance(20 * minute - 1);
  state.expire();
  assert.deepEqual(runStates(record), ["running"]);
  advance(1);
  state.expire();
  assert.deepEqual(runStates(record), ["claim-expired", "pending"]);
});

test("a reclaim moves the expiry, also when the claim has expired but nobody has noticed", () => {
  const { state, create, claimIds, advance } = setUp();
  const record = create("a");
  claimIds();
  advance(21 * minute);
  assert.equal(state.reclaim(record, 0), "2026-01-01T00:41:00.000Z");
  state.expire();
  assert.deepEqual(runStates(record), ["running"]);
});

test("a running task past its deadline is resolved only after the delay, as deadline-exceeded", () => {
  const { state, create, claimIds, advance } = setUp();
  const record = create("a");
  claimIds();
  advance(60 * minute);
  state.expire();
  assert.deepEqual(runStates(record), ["running"]);
  assert.equal(state.reclaim(record, 0), null);
  advance(minute);
  state.expire();
  assert.deepEqual(runStates(record), ["deadline-exceeded"]);
});

test("a run that is resolved late, past the deadline, keeps what its worker said", () => {
  const { state, create, claimIds, advance } = setUp();
  const record = create("a");
  claimIds();
  advance(60 * minute + 1);
  assert.ok(state.resolve(record, 0, { state: "completed" }));
  advance(minute);
  state.expire();
  assert.deepEqual(runStates(record), ["completed"]);
});

test("a pending task past its deadline is not claimed any more", () => {
  const { create, claimIds, advance } = setUp();
  create("a");
  advance(60 * minute);
  assert.deepEqual(claimIds(), []);
});

test("a cancelled pending task is not claimed any more", () => {
  const { state, create, claimIds } = setUp();
  const record = create("a");
  assert.ok(state.cancel(record));
  assert.deepEqual(claimIds(), []);
  assert.deepEqual(runStates(record), ["canceled"]);
});

test("cancelling an unscheduled task gives it a run 0 that is an exception", () => {
  const { state, create } = setUp();
  const record = create("a", { dependencies: ["a"] });
  assert.equal(taskState(record), "unscheduled");
  assert.ok(state.cancel(record));
  assert.equal(record.runs[0]?.reasonCreated, "exception");
  assert.equal(record.runs[0]?.reasonResolved, "canceled");
});

test("cancelling a resolved task changes nothing", () => {
  const { state, create, claimIds } = setUp();
  const record = create("a");
  claimIds();
  state.resolve(record, 0, { state: "failed" });
  assert.equal(state.cancel(record), false);
  assert.deepEqual(runStates(record), ["failed"]);
});

test("an unscheduled task past its deadline is an exception", () => {
  const { state, create, advance } = setUp();
  const record = create("a", { dependencies: ["a"] });
  advance(61 * minute);
  state.expire();
  assert.deepEqual(runStates(record), ["deadline-exceeded"]);
});

test("a dependent of all-completed waits for completed, whatever fails before", () => {
  const { state, create, claimIds } = setUp();
  const a = create("a");
  const b = create("b", { dependencies: ["a"] });
  claimIds();
  state.resolve(a, 0, { state: "failed" });
  assert.equal(taskState(b), "unscheduled");
  state.rerun(a);
  claimIds();
  state.resolve(a, 1, { state: "completed" });
  assert.equal(taskState(b), "pending");
});

test("a dependent of all-resolved goes on after any resolution, but not after a retry", () => {
  const { state, create, claimIds } = setUp();
  const a = create("a", { retries: 1 });
  const b = create("b", { dependencies: ["a"], requires: "all-resolved" });
  claimIds();
  state.resolve(a, 0, { state: "exception", reason: "worker-shutdown" });
  assert.equal(taskState(b), "unscheduled");
  claimIds();
  state.resolve(a, 1, { state: "exception", reason: "worker-shutdown" });
  assert.equal(taskState(b), "pending");
});

test("a dependent waits for all of its dependencies", () => {
  const { state, create, claimIds } = setUp();
  const [a, b] = [create("a"), create("b")];
  const c = create("c", { dependencies: ["a", "b"] });
  claimIds(2);
  state.resolve(b, 0, { state: "completed" });
  assert.equal(taskState(c), "unscheduled");
  state.resolve(a, 0, { state: "completed" });
  assert.equal(taskState(c), "pending");
});

test("a task whose dependencies are done already is pending at once", () => {
  const { state, create, claimIds } = setUp();
  const a = create("a");
  claimIds();
  state.resolve(a, 0, { state: "completed" });
  assert.equal(taskState(create("b", { dependencies: ["a"] })), "pending");
});

test("a rerun adds a run and gives retries back, up to 50 runs in all", () => {
  const { state, create, claimIds } = setUp();
  const record = create("a", { retries: 5 });
  for (let runId = 0; runId < 50; runId += 1) {
    claimIds();
    assert.ok(state.resolve(record, runId, { state: "failed" }));
    assert.equal(state.rerun(record), runId < 49);
    if (runId === 0) assert.equal(record.retriesLeft, 5);
    if (runId === 46) assert.equal(record.retriesLeft, 2);
  }
  assert.equal(record.runs.length, 50);
});

test("a rerun of a pending task changes nothing", () => {
  const { state, create } = setUp();
  const record = create("a");
  assert.ok(state.rerun(record));
  assert.equal(record.runs.length, 1);
});

test("a status that was handed out does not change later", () => {
  const { state, create, claimIds } = setUp();
  const record = create("a");
  const before = statusOf(record);
  claimIds();
  state.resolve(record, 0, { state: "completed" });
  assert.equal(before.runs[0]?.state, "pending");
});

test("every change is announced, in order", () => {
  const { state, create, claimIds, changes } = setUp();
  const record = create("a");
  claimIds();
  state.resolve(record, 0, { state: "exception", reason: "worker-shutdown" });
  state.cancel(record);
  assert.deepEqual(
    changes.map(({ state, runs }) => `${state}/${runs.length}`),
    ["pending/1", "running/1", "pending/2", "exception/2"],
  );
});
