import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Stopping } from "../../agent/cli/stopping.ts";

suite("a worker's end", () => {
  test("is that of the first who wanted it", () => {
    assert.equal(new Stopping().wish, null);
    const stopping = new Stopping();
    stopping.ask({ end: "worker-manager", finishTasks: true });
    stopping.ask({ end: "interrupted", finishTasks: true });
    assert.equal(stopping.wish?.end, "worker-manager");
    assert.deepEqual([stopping.gently.aborted, stopping.now.aborted], [true, false]);
  });

  test("is that of whoever did not want to wait for tasks, if anybody", () => {
    const stopping = new Stopping();
    stopping.ask({ end: "worker-manager", finishTasks: true });
    stopping.ask({ end: "terminated", finishTasks: false });
    stopping.ask({ end: "interrupted", finishTasks: false });
    assert.equal(stopping.wish?.end, "terminated");
    assert.equal(stopping.now.aborted, true);
  });
});
