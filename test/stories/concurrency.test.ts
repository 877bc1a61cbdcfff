import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { processesOf } from "../helper/machine.ts";
import { eventually } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";
import { LocalSession, type Run } from "./local-session.ts";
import { assertGone } from "./machine-clean.ts";
import { bash, openDirectory, type Ran, runTask } from "./run-task.ts";

const capacity = 4;
const who = "echo I am $(id -un) $(id -u)";
const who7 = Array.from({ length: 7 }, () => bash(`${who}; sleep 0.5; echo undisturbed`));
const cancelled = bash(`${who}; trap '' TERM INT HUP; while :; do sleep 1; done`);

function userOf(log: string): { user: string; uid: number } {
  const [, user = "", uid] = /^I am (\S+) (\d+)$/m.exec(log) ?? [];
  return { user, uid: Number(uid) };
}

/** The most runs that were under way at one time. */
function mostAtOnce(runs: readonly Run[]): number {
  const counts = runs.map(
    ({ started = "" }) => runs.filter((other) => `${other.started}` <= started && `${other.resolved}` > started).length,
  );
  return Math.max(...counts);
}

describe("a queue, a worker with room for four, eight tasks, and two run-task beside it", { skip: needsRoot }, () => {
  const directory = openDirectory();
  let session: LocalSession;
  let runs: Run[] = [];
  let logs: string[] = [];
  let diedAfterMs = 0;
  let beside: Ran[] = [];
  let atTheEnd: number | null = null;

  before(async () => {
    session = await LocalSession.start(directory);
    const worker = session.startWorker({ capacity, cancelCheckSecs: 1 });
    const ids = await session.submit([cancelled, ...who7]);
    const besideRuns = Promise.all([runTask([bash(who)]), runTask([bash(who), bash("exit 3")])]);
    const [first = "", ...others] = ids;
    await session.begun(first);
    for (const id of others) await session.resolved(id);
    await session.cancel(first);
    const at = performance.now();
    await eventually(() => worker.stderr.some((line) => line.includes(first) && line.includes("canceled")), "it died");
    diedAfterMs = performance.now() - at;
    runs = await Promise.all(ids.map((id) => session.resolved(id)));
    logs = await Promise.all(ids.map((id) => session.log(id)));
    beside = await besideRuns;
    worker.signal("SIGTERM");
    atTheEnd = await worker.status();
  });
  after(() => session?.end());

  test("the tasks that are not cancelled complete and do not notice", () => {
    assert.deepEqual(
      runs.slice(1).map(({ state }) => state),
      Array(7).fill("completed"),
    );
    for (const log of logs.slice(1)) assert.match(log, /^undisturbed$/m);
  });

  test("each has a user and a uid of its own", () => {
    const users = logs.map(userOf);
    assert.equal(new Set(users.map(({ uid }) => uid)).size, 8);
    assert.equal(new Set(users.map(({ user }) => user)).size, 8);
  });

  test("four run at once, and never more", () => {
    assert.equal(mostAtOnce(runs), capacity);
  });

  test("the cancelled one dies within seconds", () => {
    assert.deepEqual([runs[0]?.state, runs[0]?.reasonResolved], ["exception", "canceled"]);
    assert.ok(diedAfterMs < 10_000, `${diedAfterMs} ms`);
    assert.deepEqual(processesOf(userOf(logs[0] ?? "").uid), []);
  });

  test("the run-task beside it are not disturbed", () => {
    assert.deepEqual(
      beside.map(({ tasks }) => tasks.map(({ resolution }) => resolution)),
      [["completed/completed"], ["completed/completed", "failed/failed"]],
    );
    assert.deepEqual(
      beside.map(({ status }) => status),
      [0, 1],
    );
    const uids = [...logs.map(userOf), ...beside.flatMap(({ tasks }) => tasks.map(({ user }) => user))];
    assert.equal(new Set(uids.map(({ uid }) => uid)).size, 11);
  });

  test("when the worker has ended nothing is left", () => {
    assert.equal(atTheEnd, 0);
    assertGone(logs.map(userOf));
  });
});

describe("a worker that is killed", { skip: needsRoot }, () => {
  const directory = openDirectory();
  let session: LocalSession;
  before(async () => {
    session = await LocalSession.start(directory);
  });
  after(() => session?.end());

  test("kill -9 of the helper: the run is resolved worker-shutdown, and the worker runs the task again", async () => {
    const worker = session.startWorker({ capacity: 1 });
    const [id = ""] = await session.submit([bash("[[ $RUN_ID == 0 ]] && sleep 1000; echo again")]);
    await session.begun(id);
    await worker.said("task user created");
    process.kill(worker.processes().helper, "SIGKILL");
    const run = await session.resolved(id);
    assert.deepEqual([run.state, run.reasonResolved], ["exception", "worker-shutdown"]);
    await session.resolved(id, 1);
    assert.deepEqual(
      (await session.runs(id)).map(({ state }) => state),
      ["exception", "completed"],
    );
    worker.signal("SIGTERM");
    assert.equal(await worker.status(), 0);
  });

  test("kill -9 of the agent: the run is left to its claim, never resolved wrong", async () => {
    const worker = session.startWorker({ capacity: 1 });
    const [id = ""] = await session.submit([bash("echo begun; sleep 1000")]);
    await session.begun(id);
    process.kill(worker.processes().agent, "SIGKILL");
    assert.equal(await worker.status(), 70);
    assert.deepEqual(
      (await session.runs(id)).map(({ state }) => state),
      ["running"],
    );
    await session.cancel(id);
  });

  test("SIGINT: the run is resolved worker-shutdown at once, and the users are gone before it ends", async () => {
    const worker = session.startWorker({ capacity: 1 });
    const [id = ""] = await session.submit([bash(`${who}; sleep 1000`)]);
    await session.begun(id);
    worker.signal("SIGINT");
    await worker.said(
      "The worker is told to end by SIGINT: the tasks under way are ended and given back to the queue.",
    );
    assert.equal(await worker.status(), 130);
    const run = await session.resolved(id);
    assert.deepEqual([run.state, run.reasonResolved], ["exception", "worker-shutdown"]);
    await session.cancel(id);
  });
});
