import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Termination } from "../../agent/manager/check.ts";
import { TerminationWatch } from "../../agent/manager/termination-watch.ts";
import { QueueError } from "../../agent/queue/task-queue.ts";

const stay: Termination = { terminate: false, reason: "needed" };
const go: Termination = { terminate: true, reason: "too many" };
const fault = new QueueError(503, "x", "x");

/** A watch that is given one answer after the other. */
function watched(answers: readonly (Termination | QueueError)[]) {
  const left = [...answers];
  const failures: QueueError[] = [];
  const ask = async () => {
    const next = left.shift() ?? assert.fail("asked too often");
    if (next instanceof QueueError) throw next;
    return next;
  };
  const watch = new TerminationWatch(ask, (error) => failures.push(error), 1);
  return { watch, failures };
}

suite("the question whether a worker should end", () => {
  test("is asked until worker-manager says yes", async () => {
    const { watch } = watched([stay, stay, go]);
    assert.equal(await watch.wanted(new AbortController().signal), "too many");
  });

  test("is asked again when there is no answer, which is told once in a row", async () => {
    const { watch, failures } = watched([fault, fault, stay, fault, go]);
    assert.equal(await watch.wanted(new AbortController().signal), "too many");
    assert.equal(failures.length, 2);
  });

  test("is asked less often where it is refused, and no more when the worker ends anyhow", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { watch, failures } = watched([new QueueError(403, "InsufficientScopes", "x"), go]);
    const end = new AbortController();
    const wanted = watch.wanted(end.signal);
    await new Promise(setImmediate);
    assert.equal(failures.length, 1);
    t.mock.timers.tick(299_000);
    await new Promise(setImmediate);
    end.abort();
    assert.equal(await wanted, null);
  });

  test("decides about an idle worker, which ends without worker-manager when that does not answer", async () => {
    const { watch } = watched([stay, go, fault]);
    assert.deepEqual([await watch.confirms(), await watch.confirms(), await watch.confirms()], [false, true, true]);
  });
});
