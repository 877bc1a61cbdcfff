import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Unclaimed, workerAdvice } from "../../agent/cli/unclaimed.ts";

suite("tasks that no worker claims", () => {
  test("are told once for each queue, after a while, with what to do", () => {
    const unclaimed = new Unclaimed("start one", false);
    const hear = (now: number, queue = "local/macosx") => unclaimed.hear(queue, "pending", now);
    assert.deepEqual([hear(1_000), hear(10_999)], [null, null]);
    assert.match(
      hear(11_000) ?? "",
      /^no worker has claimed a task of local\/macosx for 10 s.*; start one; Ctrl-C ends/,
    );
    assert.deepEqual([hear(12_000), hear(60_000), hear(60_000, "a/b")], [null, null, null]);
    assert.match(hear(70_000, "a/b") ?? "", /of a\/b for 10 s/);
  });

  test("are helped by a worker on this machine where the queue is, else by a look at those of the pool", () => {
    assert.match(
      workerAdvice(true),
      /says why one is idle; to start one, .*type there: sudo -E \.\/taskcluster-worker work macosx --with-helper$/,
    );
    assert.match(workerAdvice(false), /^look on the machines of that pool what '\.\/taskcluster-worker status' says$/);
  });

  test("are told with what ends when nobody waits for them any longer", () => {
    const unclaimed = new Unclaimed("start one", true);
    unclaimed.hear("a/b", "pending", 0);
    assert.match(
      unclaimed.hear("a/b", "pending", 10_000) ?? "",
      /, where they fail without the scripts beside the file$/,
    );
  });

  test("are no matter where a worker has claimed one, or where they wait for others", () => {
    const unclaimed = new Unclaimed("start one", false);
    assert.equal(unclaimed.hear("a/b", "pending", 0), null);
    assert.equal(unclaimed.hear("a/b", "running", 9_000), null);
    assert.equal(unclaimed.hear("a/b", "pending", 60_000), null);
    assert.equal(unclaimed.hear("c/d", "unscheduled", 0), null);
    assert.equal(unclaimed.hear("c/d", "pending", 60_000), null);
  });

  test("are told of where the only other one was cancelled, as nobody had claimed that either", () => {
    const unclaimed = new Unclaimed("start one", false);
    unclaimed.hear("a/b", "pending", 0);
    assert.equal(unclaimed.hear("a/b", "exception", 5_000), null);
    assert.ok(unclaimed.hear("a/b", "pending", 10_000));
  });
});
