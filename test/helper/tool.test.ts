import assert from "node:assert/strict";
import { test } from "node:test";
import { runTool } from "../../helper/spawn.ts";

test("a tool that never stops talking is ended at 8 MiB, and its answer is none", async () => {
  const { exit, stdout } = await runTool("/usr/bin/yes", [], 20_000);
  assert.equal(exit, null);
  assert.ok(stdout.length > 8 * 1024 * 1024 && stdout.length < 9 * 1024 * 1024, `${stdout.length}`);
});

test("a tool that takes too long is killed, and its answer is none", async () => {
  assert.equal((await runTool("/bin/sleep", ["20"], 100)).exit, null);
});
