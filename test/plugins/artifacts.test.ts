import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { TaskError } from "../../agent/outcome.ts";
import type { ArtifactSpec } from "../../agent/payload/payload.ts";
import { artifactsPlugin } from "../../agent/plugins/artifacts.ts";
import type { TaskPlugin } from "../../agent/plugins/plugin.ts";
import { type ClaimedRun, claimedRun, fewRetries } from "../artifacts/claimed-run.ts";
import { noBuilder } from "./no-builder.ts";

const spec: ArtifactSpec = { type: "file", path: "a.txt", name: "public/a.txt", optional: false };

function pluginFor({ task }: ClaimedRun, ...artifacts: ArtifactSpec[]): TaskPlugin | null {
  return artifactsPlugin(fewRetries).newTaskPlugin({ ...task, payload: { ...task.payload, artifacts } });
}

/** Null when the payload is taken. */
async function complaint(run: ClaimedRun, artifact: ArtifactSpec): Promise<string | null> {
  try {
    await pluginFor(run, artifact)?.buildSandbox?.(noBuilder);
    return null;
  } catch (error) {
    assert.ok(error instanceof TaskError && error.kind === "malformed-payload", String(error));
    return error.message;
  }
}

const later = (date: string, ms: number) => new Date(Date.parse(date) + ms).toISOString();

async function claimed(t: TestContext): Promise<ClaimedRun & { deadline: string; expires: string }> {
  const run = await claimedRun(t);
  return { ...run, deadline: run.task.task.deadline, expires: run.task.task.expires };
}

test("a task without artifacts does not need the plugin", async (t) => {
  assert.equal(pluginFor(await claimed(t)), null);
});

test("an artifact must outlive the deadline of its task and must not outlive the task", async (t) => {
  const run = await claimed(t);
  assert.match(
    (await complaint(run, { ...spec, expires: later(run.deadline, -1001) })) ?? "",
    /expires before task deadline/,
  );
  assert.match(
    (await complaint(run, { ...spec, expires: later(run.expires, 1001) })) ?? "",
    /expires after task expiry/,
  );
});

test("a second more or less is forgiven", async (t) => {
  const run = await claimed(t);
  assert.equal(await complaint(run, { ...spec, expires: later(run.deadline, -1000) }), null);
  assert.equal(await complaint(run, { ...spec, expires: later(run.expires, 1000) }), null);
  assert.equal(await complaint(run, spec), null);
});

test("a name that the queue would refuse is found before the first command", async (t) => {
  const run = await claimed(t);
  for (const name of ["public/café", "public/a\nb", "public/a\tb"]) {
    assert.match((await complaint(run, { ...spec, name })) ?? "", /outside printable ASCII/);
  }
});

test("artifacts are uploaded also when the commands failed", async (t) => {
  const run = await claimed(t);
  await writeFile(join(run.home, "a.txt"), "x");
  assert.equal(await pluginFor(run, spec)?.stopped?.(run.results, false), true);
  assert.ok(run.artifact("public/a.txt")?.blob);
});

test("a missing artifact fails the task", async (t) => {
  const run = await claimed(t);
  assert.equal(await pluginFor(run, spec)?.stopped?.(run.results, true), false);
});
