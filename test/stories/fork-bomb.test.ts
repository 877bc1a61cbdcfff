import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { bash, runTask } from "./run-task.ts";

suite("a fork bomb", { skip: needsRoot }, () => {
  test("fails when its time is over, and nothing is left of it", async () => {
    const lines = "bomb() { bomb | bomb & }; bomb 2>/dev/null; echo lit; sleep 60";
    const { tasks } = await runTask([bash(lines, { maxRunTime: 3 })]);
    const [ended] = tasks;
    assert.equal(ended?.resolution, "failed/failed");
    assert.match(ended?.verdict ?? "", /^task aborted - max run time exceeded$/);
    assert.deepEqual(ended?.proof, { processes: 0, home: false, account: false, shared: 0 });
  });
});

suite("what a task leaves behind is ended and removed", { skip: needsRoot }, () => {
  // Here, because beside other tests too little of the processor is left for the kill rounds to win in time.
  test("a process that always forks and exits does not escape", async () => {
    const lines = "my $end = time + 30; while (time < $end) { exit if fork; select undef, undef, undef, 0.01 }";
    const { tasks } = await runTask([bash(`setsid perl -e '${lines}' >/dev/null 2>&1 </dev/null & echo the end`)]);
    assert.deepEqual(tasks[0]?.proof, { processes: 0, home: false, account: false, shared: 0 });
  });
});
