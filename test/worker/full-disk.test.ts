import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { describe, it, type TestContext } from "node:test";
import { fill, tinyDisk } from "../artifacts/tiny-disk.ts";
import { serveLinks } from "../link/link-server.ts";
import { needsRoot } from "../root.ts";
import { Fixture, type FixtureOptions, type Payload } from "./fixture.ts";

const sh = (script: string) => ["/bin/sh", "-c", script];
const short = { command: [sh("echo said")], maxRunTime: 60, features: { resourceMonitor: false } };
const logs = ["link public/logs/live.log", "s3 public/logs/live_backing.log"];

/** A worker whose directory is a disk of two megabytes. */
async function onTinyDisk(t: TestContext, options: FixtureOptions = {}, files?: number) {
  const disk = await tinyDisk(t, "2m", files);
  const fixture = await Fixture.start(t, { ...options, scratchRoot: disk, counting: disk, plugins: { state: disk } });
  return { fixture, disk };
}

/** How the queue has the first run, and what readers find of it. */
async function endOf(fixture: Fixture, taskId: string) {
  const { runs } = await fixture.resolved(taskId);
  const log = (await fixture.log(taskId)).trimEnd().split("\n");
  const artifacts = fixture.queue.artifacts(taskId).map(({ name, storageType }) => `${storageType} ${name}`);
  return { reason: runs[0]?.reasonResolved, last: log.at(-1), log, artifacts };
}

/** The worker is none the worse for it. */
async function assertNextPasses(fixture: Fixture, disk: string): Promise<void> {
  const { last, log } = await endOf(fixture, await fixture.createTask(short));
  assert.ok(log.includes("said"));
  assert.match(last ?? "", /Task Duration/);
  await fixture.until("the end of every run", () => (fixture.worker.status.running.length === 0 ? true : undefined));
  const left = (await readdir(disk)).filter(
    (name) => !/^(tasks-resolved-count\.txt|generic-worker-metadata\.json)$/.test(name),
  );
  assert.deepEqual(left, []);
}

const toldByAgent = ({ logLines }: Fixture) => logLines.map((line) => String(JSON.parse(line).msg));

describe("a worker whose own disk is full", { skip: needsRoot, concurrency: 4 }, () => {
  it("before it claims: it says so, and claims when there is room", async (t) => {
    const { fixture, disk } = await onTinyDisk(t, { config: { requiredDiskSpaceMegabytes: 1 } });
    const empty = fill(disk);
    const taskId = await fixture.createTask(short);
    void fixture.run();
    assert.match(
      await fixture.idle("disk"),
      /tiny-disk-\w+ has 0 MB free, and requiredDiskSpaceMegabytes is 1\. Free some/,
    );
    assert.equal((await fixture.queue.waitFor(taskId, () => true)).state, "pending");
    empty();
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    await assertNextPasses(fixture, disk);
  });

  it("when a log is to be opened: the task is resolved, and the worker rests", { timeout: 60_000 }, async (t) => {
    const { fixture, disk } = await onTinyDisk(t, {}, 2);
    const empty = fill(disk);
    const taskId = await fixture.createTask(short);
    void fixture.run();
    const { runs } = await fixture.resolved(taskId);
    assert.equal(runs[0]?.reasonResolved, "resource-unavailable");
    assert.equal((await fixture.event("resolved", taskId)).message, "The disk of the worker is full.");
    assert.match(await fixture.idle("resting"), /could not be begun with: The disk of the worker is full\.$/);
    assert.ok(toldByAgent(fixture).includes("The disk is full."));
    assert.deepEqual(fixture.queue.artifacts(taskId), []);
    empty();
    execFileSync("mount", ["-o", "remount,nr_inodes=1000", disk]);
    await assertNextPasses(fixture, disk);
  });

  it("when the first line of a log is to be written: the uploaded log says why", { timeout: 60_000 }, async (t) => {
    const { fixture, disk } = await onTinyDisk(t);
    const empty = fill(disk);
    const taskId = await fixture.createTask(short);
    void fixture.run();
    const { reason, last, log, artifacts } = await endOf(fixture, taskId);
    assert.equal(reason, "resource-unavailable");
    assert.ok(!log.includes("said"), "nothing was run");
    assert.equal(last, "[taskcluster:error] The disk of the worker is full.");
    assert.deepEqual(artifacts, logs);
    await fixture.idle("resting");
    empty();
    await assertNextPasses(fixture, disk);
  });

  it("in the middle of a log: the task ends at once, and its log says where it is cut", async (t) => {
    const { fixture, disk } = await onTinyDisk(t);
    const taskId = await fixture.createTask({
      ...short,
      command: [sh("echo begun; yes line | head -c 5000000; sleep 600")],
      artifacts: [{ type: "file", path: "none.txt", name: "public/none.txt" }],
    });
    void fixture.run();
    const { reason, last, log, artifacts } = await endOf(fixture, taskId);
    assert.equal(reason, "resource-unavailable");
    assert.ok(log.includes("begun"));
    assert.equal(last, "[taskcluster:error] The disk of the worker is full.");
    assert.ok(
      log.includes("[taskcluster:error] What the task wrote from here on is lost: the disk of the worker is full."),
    );
    assert.deepEqual(artifacts, logs);
    assert.ok(toldByAgent(fixture).includes("The disk is full."));
    await assertNextPasses(fixture, disk);
  });

  it("when a file is to be compressed: the file is not listed, and the log says why", async (t) => {
    const { fixture, disk } = await onTinyDisk(t);
    const taskId = await fixture.createTask({
      ...short,
      command: [sh("head -c 4000000 /dev/urandom >large.bin; echo small >small.txt")],
      artifacts: ["large.bin", "small.txt"].map((path) => ({ type: "file", path, name: `public/${path}` })),
    });
    void fixture.run();
    const { reason, last, artifacts } = await endOf(fixture, taskId);
    assert.equal(reason, "resource-unavailable");
    assert.match(
      last ?? "",
      /^\[taskcluster:error\] There is not enough disk space on the worker to prepare an artifact/,
    );
    assert.ok(!artifacts.some((artifact) => artifact.includes("large.bin")), artifacts.join());
    await assertNextPasses(fixture, disk);
  });

  for (const noun of ["link", "context"] as const) {
    it(`when a ${noun} is downloaded: the task is resolved, and its log says why`, { timeout: 60_000 }, async (t) => {
      const { origin } = await serveLinks(t, { "/it.sh": (_, response) => response.end(Buffer.alloc(3_000_000)) });
      const { fixture, disk } = await onTinyDisk(t, { config: { dialect: "taskcluster-worker" } });
      const payload: Payload =
        noun === "link"
          ? { link: `${origin}/it.sh`, maxRunTime: 60 }
          : { command: ["/bin/true"], context: `${origin}/it.sh`, maxRunTime: 60 };
      const taskId = await fixture.createTask(payload);
      void fixture.run();
      const { reason, last } = await endOf(fixture, taskId);
      assert.equal(reason, "resource-unavailable");
      assert.equal(last, "[taskcluster:error] The disk of the worker is full.");
      await fixture.idle("resting");
      await assertNextPasses(fixture, disk);
    });
  }

  it("when it is to end: the task is given back, and nothing of it is left", async (t) => {
    const { fixture, disk } = await onTinyDisk(t);
    const taskId = await fixture.createTask({ ...short, command: [sh("echo begun; sleep 600")] });
    const running = fixture.run();
    await fixture.event("started", taskId);
    const empty = fill(disk);
    fixture.worker.stopNow();
    assert.equal(await running, "stopped");
    const { runs } = await fixture.queue.waitFor(taskId, () => true);
    assert.equal(runs[0]?.reasonResolved, "worker-shutdown");
    const log = await fixture.log(taskId);
    assert.ok(log.includes("[taskcluster:error] The worker is shutting down."));
    const left = (await readdir(disk)).filter((name) => name !== "tasks-resolved-count.txt");
    assert.deepEqual(left, ["ballast"]);
    empty();
  });
});
