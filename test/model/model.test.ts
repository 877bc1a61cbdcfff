import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";
import * as spawnCalls from "../../helper/spawn.ts";
import * as standIn from "./memory/spawn-calls.ts";

/** In a process of its own, whose clock and file calls are stand-ins. Throws what it printed when it did not end well. */
function play(...argv: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "run.ts"), ...argv], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return stdout;
}

suite("The helper", () => {
  test("answers 1,500 random sequences as the reference allows, and leaves nothing of its own or of others changed", () => {
    const printed = play("--sequences", "1500", "--seed", "5");
    for (const verdict of [
      "answer",
      "fatal busy",
      "fatal not-now",
      "refused no-free-user",
      "refused ticket-limit",
      "deleteUser resting",
    ]) {
      assert.match(printed, new RegExp(`^  ${verdict} +\\d+$`, "m"), "it was tried at all");
    }
  });
});

test("the stand-in of spawn.ts has the names that the helper uses", () => {
  assert.deepEqual(Object.keys(standIn).sort(), Object.keys(spawnCalls).sort());
  assert.deepEqual(Object.keys(standIn.tools), Object.keys(spawnCalls.tools));
});
