import assert from "node:assert/strict";
import { test } from "node:test";
import { needsRoot } from "../root.ts";
import { LocalSession } from "./local-session.ts";
import { bash, openDirectory } from "./run-task.ts";

test("a worker whose configuration tasks could read claims nothing, and says why", { skip: needsRoot }, async (t) => {
  const session = await LocalSession.start(openDirectory());
  t.after(() => session.end());
  const [taskId = ""] = await session.submit([bash("echo ran")]);
  const ends = [
    { command: ["work", "macosx"], status: 70 },
    { command: ["run"], status: 69 },
  ];
  for (const { command, status } of ends) {
    const worker = session.startWorker({ headlessTasks: true, shutdownMachineOnInternalError: true }, 0o644, command);
    assert.equal(await worker.status(), status);
    const said = worker.stderr.join("\n");
    assert.match(said, /Tasks are not isolated on this machine: tcw-\w+ can read \S+worker-\d\.yml\./);
    assert.match(said, new RegExp(`"end":"internal-error","exitStatus":${status},"machine":"shut-down"`));
  }
  assert.deepEqual(
    (await session.runs(taskId)).map(({ state }) => state),
    ["pending"],
  );
});
