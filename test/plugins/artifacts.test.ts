import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { ArtifactSpec } from "../../agent/payload/payload.ts";
import { artifactsPlugin } from "../../agent/plugins/artifacts.ts";
import type { TaskPlugin } from "../../agent/plugins/plugin.ts";
import { type ClaimedRun, claimedRun, fewRetries } from "../artifacts/claimed-run.ts";

const spec: ArtifactSpec = { type: "file", path: "a.txt", name: "public/a.txt", optional: false };

function pluginFor({ task }: ClaimedRun, ...artifacts: ArtifactSpec[]): TaskPlugin | null {
  return artifactsPlugin(fewRetries).newTaskPlugin({ ...task, payload: { ...task.payload, artifacts } });
}

test("a task without artifacts does not need the plugin", async (t) => {
  assert.equal(pluginFor(await claimedRun(t)), null);
});

test("artifacts are uploaded also when the commands failed", async (t) => {
  const run = await claimedRun(t);
  await writeFile(join(run.home, "a.txt"), "x");
  assert.equal(await pluginFor(run, spec)?.stopped?.(run.results, false), true);
  assert.ok(run.artifact("public/a.txt")?.blob);
});

test("a missing artifact fails the task", async (t) => {
  const run = await claimedRun(t);
  assert.equal(await pluginFor(run, spec)?.stopped?.(run.results, true), false);
});
