import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFile, mkdir, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { collectArtifacts } from "../../agent/artifacts/collect.ts";
import { uploadLog } from "../../agent/artifacts/log-upload.ts";
import { TaskError } from "../../agent/outcome.ts";
import type { ArtifactSpec } from "../../agent/payload/payload.ts";
import { type ClaimedRun, claimedRun, fewRetries } from "./claimed-run.ts";

/** Sent as it is, and too large for a copy. */
const large = randomBytes(5 * 1024 * 1024);

const file = (path: string, more: Partial<ArtifactSpec> = {}): ArtifactSpec => ({
  ...{ type: "file", path, name: `public/${path}`, optional: false },
  ...more,
});

const directory = (path: string, name: string): ArtifactSpec => ({ type: "directory", path, name, optional: false });

interface Collected extends ClaimedRun {
  collect(): Promise<boolean>;
}

async function withArtifacts(t: TestContext, ...artifacts: ArtifactSpec[]): Promise<Collected> {
  const run = await claimedRun(t, { artifacts });
  return { ...run, collect: () => collectArtifacts(run.task, run.results, fewRetries) };
}

test("a text is stored compressed, with the type of its name", async (t) => {
  const { home, collect, artifact, stored, task } = await withArtifacts(t, file("a.txt"));
  await writeFile(join(home, "a.txt"), "some text");
  assert.equal(await collect(), true);
  const { storageType, contentType, expires, blob } = artifact("public/a.txt") ?? {};
  assert.deepEqual([storageType, contentType, expires], ["s3", "text/plain; charset=utf-8", task.task.expires]);
  assert.equal(blob?.contentEncoding, "gzip");
  assert.equal(gunzipSync(await stored("public/a.txt")).toString(), "some text");
  assert.deepEqual(await readdir(task.scratch), ["live_backing.log"]);
});

test("what is compressed already is stored as it is, small or large", async (t) => {
  const { home, collect, artifact, stored } = await withArtifacts(t, file("small.zip"), file("large.zip"));
  await writeFile(join(home, "small.zip"), "small");
  await writeFile(join(home, "large.zip"), large);
  assert.equal(await collect(), true);
  assert.equal(artifact("public/large.zip")?.blob?.contentEncoding, "identity");
  assert.equal((await stored("public/small.zip")).toString(), "small");
  assert.ok((await stored("public/large.zip")).equals(large));
});

test("the payload decides type, encoding and expiry where it names them", async (t) => {
  const expires = new Date(Date.now() + 7_200_000).toISOString();
  const spec = file("a.txt", { contentType: "application/x-own", contentEncoding: "identity", expires });
  const { home, collect, artifact } = await withArtifacts(t, spec);
  await writeFile(join(home, "a.txt"), "x");
  await collect();
  const { contentType, blob, expires: until } = artifact("public/a.txt") ?? {};
  assert.deepEqual([contentType, blob?.contentEncoding, until], ["application/x-own", "identity", expires]);
});

test("an expiry a moment after that of the task is taken back to it", async (t) => {
  const run = await claimedRun(t);
  const expires = new Date(Date.parse(run.task.task.expires) + 900).toISOString();
  const task = { ...run.task, payload: { ...run.task.payload, artifacts: [file("a.txt", { expires })] } };
  await writeFile(join(run.home, "a.txt"), "x");
  assert.equal(await collectArtifacts(task, run.results, fewRetries), true);
  assert.equal(run.artifact("public/a.txt")?.expires, task.task.expires);
});

test("an empty file is an artifact", async (t) => {
  const { home, collect, stored } = await withArtifacts(t, file("empty"), file("empty.zip"));
  await writeFile(join(home, "empty"), "");
  await writeFile(join(home, "empty.zip"), "");
  assert.equal(await collect(), true);
  assert.equal(gunzipSync(await stored("public/empty")).length, 0);
  assert.equal((await stored("public/empty.zip")).length, 0);
});

test("every file of a directory is an artifact of its own, links included", async (t) => {
  const { home, collect, local, task } = await withArtifacts(t, directory("out", "public/build"));
  await mkdir(join(home, "out/deep/er"), { recursive: true });
  await mkdir(join(home, "out/empty"));
  await writeFile(join(home, "out/a.txt"), "a");
  await writeFile(join(home, "out/deep/er/b.txt"), "b");
  await symlink("a.txt", join(home, "out/link.txt"));
  assert.equal(await collect(), true);
  const names = local.artifacts(task.taskId).map(({ name }) => name);
  assert.deepEqual(names.sort(), ["public/build/a.txt", "public/build/deep/er/b.txt", "public/build/link.txt"]);
});

test("a directory can give its files names of their own", async (t) => {
  const { home, collect, artifact } = await withArtifacts(t, directory("out", "."));
  await mkdir(join(home, "out"));
  await writeFile(join(home, "out/a.txt"), "a");
  assert.equal(await collect(), true);
  assert.ok(artifact("a.txt"));
});

test("an empty directory gives nothing and is no failure", async (t) => {
  const { home, collect, local, task } = await withArtifacts(t, directory("out", "public"));
  await mkdir(join(home, "out"));
  assert.equal(await collect(), true);
  assert.deepEqual(local.artifacts(task.taskId), []);
});

test("more files than hands all arrive", async (t) => {
  const { home, collect, local, task } = await withArtifacts(t, directory("out", "public"));
  await mkdir(join(home, "out"));
  for (let n = 0; n < 35; n++) await writeFile(join(home, `out/${n}.zip`), String(n));
  assert.equal(await collect(), true);
  const stored = local.artifacts(task.taskId).filter(({ blob }) => blob);
  assert.equal(stored.length, 35);
});

for (const [what, spec] of [
  ["file", file("missing", { name: "public/missing" })],
  ["directory", directory("missing", "public/missing")],
] as const) {
  test(`a missing ${what} leaves an error artifact, a line in the log, and a failed task`, async (t) => {
    const { collect, artifact, logText, home } = await withArtifacts(t, spec);
    assert.equal(await collect(), false);
    const { storageType, reason, message } = artifact("public/missing") ?? {};
    const expected = `Could not read ${what} '${home}/missing'`;
    assert.deepEqual([storageType, reason, message], ["error", "file-missing-on-worker", expected]);
    const line = `[taskcluster:error] TASK FAILURE during artifact upload: file-missing-on-worker: ${expected}\n`;
    assert.ok((await logText()).includes(line));
  });
}

test("an optional file that is missing leaves an error artifact and no failure", async (t) => {
  const { collect, artifact, logText } = await withArtifacts(t, file("missing", { optional: true }));
  assert.equal(await collect(), true);
  assert.equal(artifact("public/missing")?.storageType, "error");
  assert.doesNotMatch(await logText(), /TASK FAILURE/);
});

test("one bad artifact does not keep the others away", async (t) => {
  const { home, collect, stored } = await withArtifacts(t, file("missing"), file("good.zip"));
  await writeFile(join(home, "good.zip"), "good");
  assert.equal(await collect(), false);
  assert.equal((await stored("public/good.zip")).toString(), "good");
});

test("a named pipe in a directory is an error artifact and blocks nothing", async (t) => {
  const { home, collect, artifact } = await withArtifacts(t, directory("out", "public"));
  await mkdir(join(home, "out"));
  execFileSync("mkfifo", [join(home, "out/pipe")]);
  assert.equal(await collect(), false);
  assert.equal(artifact("public/pipe")?.reason, "invalid-resource-on-worker");
});

for (const [where, size] of [
  ["into memory", 200_000],
  ["into scratch", 2_000_000],
] as const) {
  test(`a file that shrinks while it is copied ${where} is an error artifact, not a wrong one`, async (t) => {
    const content = randomBytes(size);
    for (const name of ["a.txt", "a.zip"]) {
      const { home, collect, artifact, results } = await withArtifacts(t, file(name));
      await writeFile(join(home, name), content);
      results.meanwhile = (path) => truncate(path, 70_000);
      assert.equal(await collect(), false);
      assert.equal(artifact(`public/${name}`)?.storageType, "error");
    }
  });
}

test("a file that vanishes after it was listed is an error artifact, and the others are stored", async (t) => {
  const { home, collect, artifact, results } = await withArtifacts(t, directory("out", "public"));
  await mkdir(join(home, "out"));
  for (const name of ["gone.txt", "stays.txt"]) await writeFile(join(home, "out", name), "x");
  const list = results.listFolder.bind(results);
  results.listFolder = async function* (path) {
    for await (const name of list(path)) {
      if (name === "gone.txt") await rm(join(home, "out", name));
      yield name;
    }
  };
  assert.equal(await collect(), false);
  assert.deepEqual(
    [artifact("public/gone.txt")?.reason, !!artifact("public/stays.txt")?.blob],
    ["file-missing-on-worker", true],
  );
});

for (const [what, meanwhile] of [
  ["shrinks", (path: string) => truncate(path, 100_000)],
  ["grows", (path: string) => appendFile(path, "more")],
] as const) {
  test(`a large file that ${what} while it is sent is stored nowhere, and the task fails`, async (t) => {
    const { home, collect, artifact, results, logText } = await withArtifacts(t, file("large.zip"));
    await writeFile(join(home, "large.zip"), large);
    results.meanwhile = meanwhile;
    assert.equal(await collect(), false);
    assert.equal(artifact("public/large.zip")?.blob, undefined);
    const text = await logText();
    assert.match(text, /TASK FAILURE during artifact upload: invalid-resource-on-worker/);
    assert.match(text, /\[taskcluster:error\] Artifact public\/large\.zip is listed without its content/);
  });
}

test("a large file is read anew for every try, and must still be the same", async (t) => {
  const { home, collect, results, local, stored } = await withArtifacts(t, file("large.zip"));
  await writeFile(join(home, "large.zip"), large);
  local.faults = { dropResponse: { method: "putBlob", times: 1 } };
  assert.equal(await collect(), true);
  assert.deepEqual(results.opened, ["large.zip", "large.zip"]);
  assert.ok((await stored("public/large.zip")).equals(large));
});

test("a large file that is gone at the second try is a failed task", async (t) => {
  const { home, collect, results, local, logText } = await withArtifacts(t, file("large.zip"));
  await writeFile(join(home, "large.zip"), large);
  local.faults = { status503: { method: "putBlob", times: 1 } };
  const open = results.openFile.bind(results);
  results.openFile = async (path) => {
    if (results.opened.length === 1) await rm(join(home, path));
    return open(path);
  };
  assert.equal(await collect(), false);
  assert.match(await logText(), /TASK FAILURE during artifact upload: file-missing-on-worker/);
});

test("names that the worker keeps for its logs are skipped with a warning", async (t) => {
  const specs = [
    file("a.txt", { name: "public/logs/live_backing.log" }),
    directory("logs", "public/logs"),
    file("a.txt"),
  ];
  const { home, collect, local, task, logText } = await withArtifacts(t, ...specs);
  await writeFile(join(home, "a.txt"), "x");
  await mkdir(join(home, "logs"));
  await writeFile(join(home, "logs/live.log"), "x");
  assert.equal(await collect(), true);
  assert.deepEqual(
    local.artifacts(task.taskId).map(({ name }) => name),
    ["public/a.txt"],
  );
  const text = await logText();
  for (const [name, feature] of [
    ["live_backing.log", "Backing Log"],
    ["live.log", "Live Log"],
  ]) {
    const line = `Not uploading artifact public/logs/${name} found in task.payload.artifacts section, since this will be uploaded later by ${feature}`;
    assert.ok(text.includes(line), line);
  }
});

test("a file name that the queue would refuse is the author's mistake, and the other files are stored", async (t) => {
  const { home, collect, artifact } = await withArtifacts(t, directory("out", "public"));
  await mkdir(join(home, "out"));
  await writeFile(join(home, "out/caf\u00e9.txt"), "x");
  await writeFile(join(home, "out/fine.txt"), "x");
  await assert.rejects(collect(), (error) => {
    assert.ok(error instanceof TaskError);
    assert.equal(error.kind, "malformed-payload");
    assert.match(error.message, /^The artifact name "public\/café\.txt" .* has characters outside printable ASCII/);
    return true;
  });
  assert.ok(artifact("public/fine.txt")?.blob);
});

test("a folder full of names that the queue would refuse costs a few lines, and no more files than a task may have", async (t) => {
  const { collect, results, logText } = await withArtifacts(t, directory("out", "public"));
  let listed = 0;
  results.listFolder = async function* () {
    for (; listed < 20_000; listed += 1) yield `${listed}-\u0001${"d/".repeat(1_000)}é`;
  };
  await assert.rejects(collect(), (error) => error instanceof TaskError && error.message.length < 1_000);
  const text = await logText();
  assert.ok(listed <= 10_001, `${listed} names were looked at`);
  assert.match(text, /the task left more than 10000 files/);
  assert.match(text, /… and 9980 more artifacts like these/);
  assert.ok(text.length < 20_000, `the log has ${text.length} bytes`);
});

test("the name of the log is left to the log, also when a folder of that name is missing", async (t) => {
  const backing = "public/logs/live_backing.log";
  const run = await withArtifacts(t, { ...directory("nowhere", backing), optional: true });
  assert.equal(await run.collect(), true);
  await run.task.log.close();
  await uploadLog(run.task, backing, fewRetries);
  assert.equal(run.artifact(backing)?.storageType, "s3");
});

test("a file that no storage takes is refused before it is read", async (t) => {
  const { home, collect, artifact } = await withArtifacts(t, file("huge.zip"));
  await writeFile(join(home, "huge.zip"), "");
  await truncate(join(home, "huge.zip"), 5 * 1024 ** 3 + 1);
  assert.equal(await collect(), false);
  const { storageType, reason } = artifact("public/huge.zip") ?? {};
  assert.deepEqual([storageType, reason], ["error", "too-large-file-on-worker"]);
});

test("two artifacts of one name and different types are the author's mistake", async (t) => {
  const specs = [file("a.txt", { name: "public/same" }), file("b.png", { name: "public/same" })];
  const { home, collect } = await withArtifacts(t, ...specs);
  await writeFile(join(home, "a.txt"), "x");
  await writeFile(join(home, "b.png"), "x");
  await assert.rejects(collect(), { name: "TaskError", kind: "malformed-payload" });
});

test("a run that has to end uploads nothing more", async (t) => {
  const { home, collect, stop, local, task } = await withArtifacts(t, file("a.txt"), file("b.txt"));
  await writeFile(join(home, "a.txt"), "x");
  stop.abort();
  await assert.rejects(collect(), { name: "AbortError" });
  assert.deepEqual(local.artifacts(task.taskId), []);
});
