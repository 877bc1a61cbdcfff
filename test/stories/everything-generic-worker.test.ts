import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { schemaFor } from "../../agent/payload/parse.ts";
import { Machine } from "../conformance/machine.ts";
import { needsRoot } from "../root.ts";
import { checkout, Launched } from "./launched.ts";
import { assertGone } from "./machine-clean.ts";
import { openDirectory, type Story, storiesOf, usersOf } from "./run-task.ts";

const file = join(checkout, "examples/everything-generic-worker.yml");
const { payload }: { payload: Record<string, unknown> } = parse(readFileSync(file, "utf8"));
const hours = (n: number): string => new Date(Date.now() + n * 3_600_000).toISOString();
const report = "second: Hello, everybody\n";

function propertiesOf(schema: unknown): string[] {
  const properties: unknown =
    typeof schema === "object" && schema !== null && "properties" in schema && schema.properties;
  return Object.keys(properties || {});
}

test("the example has every property of the dialect, but those of docker-worker's", () => {
  const { properties = {} } = schemaFor("generic-worker") as { properties?: Record<string, unknown> }; // checked: below
  const all = Object.keys(properties).filter((name) => name !== "image" && name !== "context");
  assert.deepEqual(Object.keys(payload).sort(), all.sort());
  for (const name of ["features", "logs", "onExitStatus"]) {
    assert.deepEqual(Object.keys(payload[name] ?? {}).sort(), propertiesOf(properties[name]).sort(), name);
  }
});

describe("everything of generic-worker's dialect at once", { skip: needsRoot }, () => {
  const artifacts = join(openDirectory(), "artifacts");
  let story: Story | undefined;
  let status: number | null = null;
  before(async () => {
    const launched = new Launched(["run-task", file, "--json", "--artifacts", artifacts]);
    status = await launched.status();
    [story] = storiesOf(launched.stdout, 1);
    assertGone(usersOf(launched.stdout));
  });

  test("completes through run-task, with all of its artifacts", () => {
    assert.equal(status, 0);
    assert.equal(story?.resolution, "completed/completed");
    const stored = Object.fromEntries(
      (story?.events ?? [])
        .filter(({ event }) => event === "artifact")
        .map(({ name, storageType }) => [name, storageType]),
    );
    assert.deepEqual(stored, {
      "private/generic-worker/shell.html": "reference",
      "public/core": "error",
      "public/logs/backing.txt": "s3",
      "public/logs/live.txt": "link",
      "public/report.txt": "s3",
      "public/results/deep/greeting.txt": "s3",
      "report.log.gz": "s3",
    });
    const bytesOf = (name: string): Buffer => readFileSync(story?.artifact(name)?.path ?? "");
    assert.equal(`${bytesOf("public/report.txt")}`, report);
    assert.equal(`${bytesOf("public/results/deep/greeting.txt")}`, "Hello, everybody\n");
    assert.equal(`${gunzipSync(bytesOf("report.log.gz"))}`, report);
    const log = `${bytesOf("public/logs/backing.txt")}`;
    assert.match(log, /supersederUrl/);
    assert.equal(log.match(/Exit Code: 0$/gm)?.length, 3);
  });

  test("completes through a worker, with the same", async () => {
    const machine = await Machine.start();
    try {
      const { workerType } = machine.startWorker("work", {});
      const task = { payload, deadline: hours(1), expires: hours(2) };
      const taskId = await machine.createTask(workerType, "everything", task);
      const { state, reasonResolved } = await machine.resolved(taskId);
      assert.deepEqual([state, reasonResolved], ["completed", "completed"]);
      assert.match(await machine.log(taskId, "public/logs/backing.txt"), /^first: Hello, everybody$/m);
      const found = machine.artifacts(taskId).map(({ name, storageType, contentType, blob }) => {
        return [name, storageType, contentType, blob?.contentEncoding ?? "identity"].join(" ");
      });
      assert.deepEqual(found.sort(), [
        "private/generic-worker/shell.html reference text/html; charset=utf-8 identity",
        "public/core error application/json identity",
        "public/logs/backing.txt s3 text/plain; charset=utf-8 gzip",
        "public/logs/live.txt link text/plain; charset=utf-8 identity",
        "public/report.txt s3 text/plain; charset=utf-8 identity",
        "public/results/deep/greeting.txt s3 text/plain; charset=utf-8 gzip",
        "report.log.gz s3 application/gzip identity",
      ]);
    } finally {
      await machine.end();
    }
  });
});
