import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { metadataPlugin } from "../../agent/plugins/metadata.ts";
import { claimedRun } from "../artifacts/claimed-run.ts";

async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "metadata-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("the file has the address of the task that ended last", async (t) => {
  const state = await directory(t);
  for (const { task } of [await claimedRun(t), await claimedRun(t)]) {
    await metadataPlugin(state).newTaskPlugin(task)?.dispose?.();
    const lastTaskUrl = `${task.queue.rootUrl}/tasks/${task.taskId}/runs/0`;
    const text = await readFile(join(state, "generic-worker-metadata.json"), "utf8");
    assert.deepEqual(JSON.parse(text), { lastTaskUrl });
  }
  assert.deepEqual(await readdir(state), ["generic-worker-metadata.json"]);
});

test("there is no file where enableMetadata is false", async (t) => {
  const { task } = await claimedRun(t);
  const off = { ...task, config: { ...task.config, enableMetadata: false } };
  assert.equal(metadataPlugin(await directory(t)).newTaskPlugin(off), null);
});
