import assert from "node:assert/strict";
import { test } from "node:test";
import { logPrefixPlugin } from "../../agent/plugins/logprefix.ts";
import { claimedRun } from "../artifacts/claimed-run.ts";

test("the log begins with sorted facts, and a configured one hides ours", async (t) => {
  const { task, logText } = await claimedRun(t);
  const plugin = logPrefixPlugin({ rack: "b7", taskId: "fakeTaskId" });
  for (let n = 0; n < 2; n += 1) plugin.newTaskPlugin(task);
  const text = (await logText())
    .replaceAll(/^\[taskcluster [^\]]*\] /gm, "")
    .replaceAll(/hostBootTime: 2\d{3}-\S+Z/g, "boot");
  const facts = (tasks: number) => `boot\nrack: b7\nrunId: 0\ntaskId: fakeTaskId\ntasksSinceStartup: ${tasks}\n`;
  assert.equal(text, facts(0) + facts(1));
});

test("our own facts are there without any that are configured", async (t) => {
  const { task, logText } = await claimedRun(t);
  logPrefixPlugin({}).newTaskPlugin(task);
  assert.ok((await logText()).includes(`taskId: ${task.taskId}\n`));
});

test("nothing is written where it is not asked for", async (t) => {
  const { task, logText } = await claimedRun(t);
  logPrefixPlugin(undefined).newTaskPlugin(task);
  assert.equal(await logText(), "");
});
