import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import type { Termination } from "../../agent/manager/check.ts";
import { TerminationWatch } from "../../agent/manager/termination-watch.ts";
import { QueueError } from "../../agent/queue/task-queue.ts";

const stay: Termination = { terminate: false, reason: "needed" };
const go: Termination = { terminate: true, reason: "too many" };
const fault = new QueueError(503, "x", "x");
const refusal = new QueueError(403, "InsufficientScopes", "x");

/** A watch that is given one answer after the other, by a clock that goes on when the test says so. */
function watched(t: TestContext, answers: readonly (Termination | QueueError)[]) {
  const left = [...answers];
  const failures: QueueError[] = [];
  const reasons: string[] = [];
  let now = 1_000;
  t.mock.method(performance, "now", () => now);
  const ask = async () => {
    const next = left.shift() ?? assert.fail("asked too often");
    if (next instanceof QueueError) throw next;
    return next;
  };
  const listener = { wanted: (why: string) => reasons.push(why), failed: (error: QueueError) => failures.push(error) };
  const watch = new TerminationWatch(ask, listener);
  const lookAfter = async (seconds: number) => {
    now += seconds * 1000;
    await watch.look();
    return reasons;
  };
  return { watch, failures, left, lookAfter };
}

suite("the question whether a worker should end", () => {
  test("is asked before the first poll, and every 20 s at most, until worker-manager says yes", async (t) => {
    const { lookAfter, left } = watched(t, [stay, stay, go]);
    assert.deepEqual(await lookAfter(0), []);
    await lookAfter(19);
    assert.equal(left.length, 2);
    await lookAfter(1);
    assert.equal(left.length, 1);
    assert.deepEqual(await lookAfter(3_600), ["too many"]);
  });

  test("is asked again when there is no answer, which is told once in a row", async (t) => {
    const { lookAfter, failures } = watched(t, [fault, fault, stay, fault, go]);
    for (let n = 0; n < 4; n++) assert.deepEqual(await lookAfter(20), []);
    assert.deepEqual(await lookAfter(20), ["too many"]);
    assert.equal(failures.length, 2);
  });

  test("is asked every 5 minutes where it is refused", async (t) => {
    const { lookAfter, failures, left } = watched(t, [refusal, stay]);
    await lookAfter(0);
    await lookAfter(299);
    assert.deepEqual([failures.length, left.length], [1, 1]);
    await lookAfter(1);
    assert.equal(left.length, 0);
  });

  test("keeps nobody from the queue for long, and its answer counts when it comes", { timeout: 10_000 }, async () => {
    const answer = Promise.withResolvers<Termination>();
    const told = Promise.withResolvers<string>();
    let asked = 0;
    const ask = () => {
      asked += 1;
      return answer.promise;
    };
    const watch = new TerminationWatch(ask, { wanted: told.resolve, failed: () => assert.fail() }, 1);
    const alive = setTimeout(() => {}, 10_000);
    await watch.look();
    await watch.look();
    clearTimeout(alive);
    answer.resolve(go);
    assert.equal(await told.promise, "too many");
    assert.equal(asked, 1);
  });

  test("decides about an idle worker, which ends without worker-manager when that does not answer", async (t) => {
    const { watch } = watched(t, [stay, go, fault]);
    assert.deepEqual([await watch.confirms(), await watch.confirms(), await watch.confirms()], [false, true, true]);
  });
});
