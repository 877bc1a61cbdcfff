import assert from "node:assert/strict";
import { test } from "node:test";
import { successPlugin } from "../../agent/plugins/success.ts";
import { claimedRun } from "../artifacts/claimed-run.ts";

test("a task is as good as its commands", async (t) => {
  const { task, results } = await claimedRun(t);
  const hooks = successPlugin.newTaskPlugin(task);
  assert.equal(await hooks?.stopped?.(results, true), true);
  assert.equal(await hooks?.stopped?.(results, false), false);
});
