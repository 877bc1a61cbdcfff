import assert from "node:assert/strict";
import { test } from "node:test";
import { needsRoot } from "../root.ts";
import { LocalSession } from "./local-session.ts";
import { bash, openDirectory } from "./run-task.ts";

test("a worker whose configuration tasks could read claims nothing, and says why", { skip: needsRoot }, async (t) => {
  const session = await LocalSession.start(openDirectory());
  t.after(() => session.end());
  const [taskId = ""] = await session.submit([bash("echo ran")]);
  const worker = session.startWorker({ capacity: 1 }, 0o644);
  assert.equal(await worker.status(), 70);
  assert.match(worker.stderr.join("\n"), /Tasks are not isolated on this machine: tcw-\w+ can read \S+worker-0\.yml\./);
  assert.deepEqual(
    (await session.runs(taskId)).map(({ state }) => state),
    ["pending"],
  );
});
