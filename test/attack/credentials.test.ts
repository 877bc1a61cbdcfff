import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { bash, runTask } from "../stories/run-task.ts";

suite("The worker's credentials", { skip: needsRoot }, () => {
  test("a task looks for the agent's credentials in every process and file that it may read: they are in none", async () => {
    const [head, tail] = [randomBytes(12).toString("hex"), randomBytes(12).toString("hex")];
    const places =
      "/var/lib/taskcluster-worker/agent /var/lib/taskcluster-worker/*/private /var/log/taskcluster-worker /run";
    // What is looked for is on no command line of the search itself, or that would find itself.
    const find = [
      `echo ${head}_''${tail} >wanted`,
      "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -cf wanted",
      `grep -rlsIf wanted ${places}`,
      "ps axo args= | grep -c '[m]ain.ts run-task'", // It has looked: it sees the agent's command line.
    ].join("; ");
    const env = { TASKCLUSTER_ACCESS_TOKEN: `${head}_${tail}` };
    const { tasks } = await runTask([bash(find)], { env });
    assert.match(`${tasks[0]?.output()}`, /^0\n[1-9]\n$/);
  });
});
