import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { ArtifactFolder } from "../../agent/cli/artifact-folder.ts";
import { type FinalArtifact, type ReportOptions, RunReport } from "../../agent/cli/run-report.ts";
import { createSay } from "../../agent/cli/say.ts";
import type { RunId, TaskId } from "../../agent/queue/types.ts";
import { TaskLog } from "../../agent/task-log.ts";
import type { Gone } from "../../shared/protocol/messages.ts";

const taskId: TaskId = "A1ydaQ5HTrmeXT2N31xXqg" as TaskId; // checked: a task id, written here
const runId = 0 as RunId; // checked: a run number, written here

const clean: Gone = {
  state: "gone",
  found: { processes: 2, shared: 1 },
  removed: { processes: 2, shared: 1 },
  left: { processes: 0, shared: 0, home: false, account: false },
  auditHead: "0".repeat(64),
};

suite("the report of a run", () => {
  let root = "";
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "run-report-"));
  });
  after(() => rm(root, { recursive: true }));

  function reporter(options: Partial<ReportOptions> = {}) {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const say = createSay(out, err, {});
    const report = new RunReport({
      ...{ n: 1, taskId, json: true, several: false, say, folder: null, artifacts: () => [] },
      ...options,
    });
    const printed = async () => {
      const status = await report.status();
      out.end();
      err.end();
      return { status, out: await text(out), err: await text(err) };
    };
    return { report, printed };
  }

  async function live(report: RunReport, name: string, end: Gone, state: "completed" | "failed" = "completed") {
    const log = await TaskLog.open(join(root, name));
    report.take({ event: "claimed", taskId, runId, created: "2026-01-01T00:00:00Z", log });
    report.take({ event: "user", taskId, runId, name: "tcw-abcdefgh", uid: 5501 });
    report.take({ event: "started", taskId, runId });
    log.raw("hello");
    await log.close();
    report.take({ event: "resolved", taskId, runId, state, reason: null, message: null, reported: true });
    report.take({ event: "gone", taskId, runId, gone: end, name: "tcw-abcdefgh", uid: 5501 });
  }

  const events = (out: string): Record<string, unknown>[] =>
    out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));

  test("is one object a line, and gone with its proof is the last", async () => {
    const stored = join(root, "stored");
    await writeFile(stored, "bytes");
    const artifacts: FinalArtifact[] = [
      { name: "public/a", storageType: "s3", stored: { path: stored } },
      { name: "../a", storageType: "s3", stored: { path: stored } },
      { name: "public/e", storageType: "error", stored: null },
    ];
    const { report, printed } = reporter({ artifacts: () => artifacts, folder: new ArtifactFolder(root) });
    await live(report, "one", clean);
    const { status, out } = await printed();
    assert.equal(status, 0);
    assert.deepEqual(events(out), [
      { event: "claimed", n: 1, taskId },
      { event: "user", n: 1, taskId, user: "tcw-abcdefgh", uid: 5501 },
      { event: "started", n: 1, taskId },
      { event: "log", n: 1, taskId, text: "hello\n" },
      { event: "resolved", n: 1, taskId, state: "completed", reason: "completed" },
      { event: "artifact", n: 1, taskId, name: "public/a", storageType: "s3", path: join(root, "public/a") },
      {
        event: "artifact",
        n: 1,
        taskId,
        name: "../a",
        storageType: "s3",
        refused: "its name would lead out of the folder",
      },
      { event: "artifact", n: 1, taskId, name: "public/e", storageType: "error" },
      {
        ...{ event: "gone", n: 1, taskId, state: "completed", reason: "completed", user: "tcw-abcdefgh", uid: 5501 },
        proof: { processes: 0, home: false, account: false, shared: 0 },
      },
    ]);
  });

  test("names a resting account in the proof, and is content with it", async () => {
    const { report, printed } = reporter();
    await live(report, "resting", { ...clean, state: "resting", left: { ...clean.left, account: true } });
    const { status, out } = await printed();
    assert.equal(status, 0);
    assert.deepEqual(events(out).at(-1)?.["proof"], { processes: 0, home: false, account: "resting", shared: 0 });
  });

  test("makes a quarantine our fault, whatever became of the task", async () => {
    const { report, printed } = reporter();
    await live(
      report,
      "quarantined",
      { ...clean, state: "quarantined", left: { ...clean.left, processes: 1 } },
      "failed",
    );
    const { status, out, err } = await printed();
    assert.equal(status, 70);
    assert.deepEqual(events(out).at(-1)?.["proof"], { processes: 1, home: false, account: "quarantined", shared: 0 });
    assert.match(err, /could NOT be proven gone/);
  });

  test("proves nothing about a user whose end nobody saw", async () => {
    const { report, printed } = reporter();
    report.take({ event: "user", taskId, runId, name: "tcw-abcdefgh", uid: 5501 });
    report.resolve("exception", "worker-shutdown", null);
    report.end(null);
    const { status, out } = await printed();
    assert.equal(status, 70);
    assert.equal(events(out).at(-1)?.["proof"], null);
  });

  test("is complete for a task that never had a user", async () => {
    const { report, printed } = reporter();
    report.resolve("exception", "malformed-payload", "task.payload is refused");
    report.end(null);
    const { status, out } = await printed();
    assert.equal(status, 2);
    assert.deepEqual(events(out).at(-1), {
      ...{ event: "gone", n: 1, taskId, state: "exception", reason: "malformed-payload", user: null, uid: null },
      proof: { processes: 0, home: false, account: false, shared: 0 },
    });
  });

  test("says its last word once", async () => {
    const { report, printed } = reporter();
    await live(report, "once", clean, "failed");
    report.end(null);
    report.resolve("exception", "worker-shutdown", null);
    const { status, out } = await printed();
    assert.equal(status, 1);
    assert.equal(events(out).filter(({ event }) => event === "gone").length, 1);
    assert.equal(events(out).filter(({ event }) => event === "resolved").length, 1);
  });

  test("is the bare log on stdout and steps on stderr for people", async () => {
    const { report, printed } = reporter({ json: false });
    await live(report, "people", clean);
    const { out, err } = await printed();
    assert.equal(out, "hello\n");
    assert.match(err, /^task 1: claimed\ntask 1: runs as the task user tcw-abcdefgh, uid 5501\ntask 1: started\n/);
    assert.match(err, /tcw-abcdefgh is gone: no process, no home, no account/);
  });

  test("says whose every line is where there are several tasks", async () => {
    const { report, printed } = reporter({ json: false, several: true, n: 7 });
    await live(report, "several", clean);
    assert.equal((await printed()).out, "7| hello\n");
  });
});
