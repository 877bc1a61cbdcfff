import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { defaultConfig } from "../../agent/config.ts";
import { createLogger } from "../../agent/logger.ts";
import type { RunId, TaskId } from "../../agent/queue/types.ts";
import { findReports, judge } from "../../agent/status/find-report.ts";
import { parseReport, type Report, staleMs } from "../../agent/status/report.ts";
import { helperLine, reportLines } from "../../agent/status/show.ts";
import { StatusFile } from "../../agent/status/status-file.ts";
import { TaskCount } from "../../agent/task-count.ts";
import { fill, tinyDisk } from "../artifacts/tiny-disk.ts";
import { needsRoot } from "../root.ts";

const taskId = "A1ydaQ5HTrmeXT2N31xXqg" as TaskId; // checked: a task id, written here
const runId = 0 as RunId; // checked: a run number, written here
const run = { taskId, runId };
const since = "2026-01-31T12:00:00.000Z";
const pool = { provisionerId: "mac", workerType: "firefox", workerGroup: "office", workerId: "mac-1", capacity: 2 };

suite("a worker's status file", () => {
  let root = "";
  let lines: string[] = [];
  let file: StatusFile;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "status-"));
    lines = [];
    file = await make("default");
  });
  afterEach(async () => {
    file.end({ reason: "terminated", exitStatus: 0, machine: "keep" });
    await rm(root, { recursive: true });
  });

  async function make(instance: string): Promise<StatusFile> {
    const directory = join(root, instance);
    await mkdir(directory);
    const logger = createLogger({ stream: { write: (line) => void lines.push(line) } });
    const config = { ...defaultConfig, ...pool, region: "mdc" };
    const count = new TaskCount(null, logger);
    return new StatusFile({ directory, config, instance, count, drainSignal: "SIGTERM", logger });
  }

  async function report(): Promise<Report> {
    const found = parseReport(await readFile(join(root, "default/status.json"), "utf8"));
    assert(found);
    return found;
  }

  function runOneTask(unheard = false): void {
    file.changed({
      activity: { state: "full" },
      capacity: 1,
      running: [{ ...run, since, unheard }],
      ended: 0,
      lastClaim: since,
    });
    file.take({ event: "user", ...run, name: "tcw-5pomm4zh", uid: 5000 });
  }

  test("is there from the beginning", async () => {
    const { state, idle, doing, pid, machine, workerPoolId } = await report();
    assert.deepEqual([state, idle, doing], ["idle", "starting", "The worker has not started yet."]);
    assert.deepEqual([pid, machine.region, workerPoolId], [process.pid, "mdc", "mac/firefox"]);
  });

  test("names each task with its task user, and what generic-worker's status has", async () => {
    runOneTask();
    const { currentTaskIds, running, state, capacity, lastClaim } = await report();
    assert.deepEqual([currentTaskIds, state, capacity, lastClaim], [[taskId], "full", 1, since]);
    assert.deepEqual(running, [{ ...run, user: "tcw-5pomm4zh", since, unheard: false }]);
  });

  test("says of a task that is over when the queue could not be told yet", async () => {
    runOneTask(true);
    const written = await report();
    assert.equal(written.running[0]?.unheard, true);
    const live = reportLines(judge(written, Date.parse(written.updated), () => true)).join("\n");
    assert.match(live, /^ {12}A1yd\S+ run 0 as .* since \S+, over: it waits until the queue can be told$/m);
  });

  test("of a worker that does not know yet whether the queue was told is read all the same", async () => {
    runOneTask();
    const { running, ...rest } = await report();
    const older = running.map(({ unheard: _, ...run }) => run);
    assert.equal(parseReport(JSON.stringify({ ...rest, running: older }))?.running[0]?.unheard, false);
  });

  test("counts how the runs were resolved", async () => {
    runOneTask();
    file.take({ event: "resolved", ...run, state: "failed", reason: null, message: null, reported: true });
    file.idle({ kind: "no-helper" });
    const { resolved, idle } = await report();
    assert.deepEqual([resolved, idle], [{ completed: 0, failed: 1, exception: 0 }, "no-helper"]);
  });

  test("says how the worker ended and what the machine is to do", async () => {
    runOneTask();
    file.end({ reason: "idle-timeout", exitStatus: 68, machine: "shut-down" });
    const { end, currentTaskIds, idle } = await report();
    assert.deepEqual(end, { reason: "idle-timeout", exitStatus: 68, machine: "shut-down" });
    assert.deepEqual([currentTaskIds, idle], [[], "ended"]);
  });

  test("costs one warning where it cannot be written", async () => {
    await rm(join(root, "default"), { recursive: true });
    file.idle({ kind: "draining" });
    file.idle({ kind: "draining" });
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /status\.json cannot be written: ENOENT/);
    await mkdir(join(root, "default"));
  });

  test("stays as it was while the disk is full, and is up to date when there is room", {
    skip: needsRoot,
  }, async (t) => {
    const directory = await tinyDisk(t, "1m");
    const logger = createLogger({ stream: { write: (line) => void lines.push(line) } });
    const config = { ...defaultConfig, ...pool };
    const count = new TaskCount(null, logger);
    const own = new StatusFile({ directory, config, instance: "full", count, drainSignal: "SIGTERM", logger });
    const idle = async () => parseReport(await readFile(join(directory, "status.json"), "utf8"))?.idle;
    const empty = fill(directory);
    own.idle({ kind: "no-graphics" });
    own.idle({ kind: "draining" });
    assert.equal(await idle(), "starting");
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /status\.json cannot be written: ENOSPC/);
    empty();
    own.idle({ kind: "no-helper" });
    assert.equal(await idle(), "no-helper");
    own.end({ reason: "terminated", exitStatus: 0, machine: "keep" });
  });

  test("is found among those of other instances, one that lives before one that has ended", async () => {
    const other = await make("slice-1");
    other.end({ reason: "terminated", exitStatus: 0, machine: "keep" });
    await mkdir(join(root, "no-worker"));
    const found = await findReports(root);
    assert.deepEqual(
      found.map(({ report: { instance }, state }) => [instance, state]),
      [
        ["default", "lives"],
        ["slice-1", "ended"],
      ],
    );
  });

  test("is believed only while it is fresh and its process is there", async () => {
    const written = await report();
    const at = Date.parse(written.updated);
    assert.equal(judge(written, at + staleMs, () => true).state, "lives");
    assert.equal(judge(written, at + staleMs + 1, () => true).state, "stale");
    assert.equal(judge(written, at, () => false).state, "killed");
  });

  test("is shown with the places that are taken, and says what it cannot know when it is stale", async () => {
    runOneTask();
    const written = await report();
    const at = Date.parse(written.updated);
    const live = reportLines(judge(written, at, () => true)).join("\n");
    assert.match(live, /^worker {6}mac\/firefox office\/mac-1, pid \d+, version \S+, instance default$/m);
    assert.match(live, /^state {7}full: All places are taken\.$/m);
    assert.match(live, /^tasks {7}1 of 1 places taken\n {12}A1yd\S+ run 0 as tcw-5pomm4zh since 2026-01-31T12/m);
    const stale = reportLines(judge(written, at + 180_000, () => true)).join("\n");
    assert.match(stale, /^state {7}unknown: the worker has written nothing for 3 min; it may hang\./m);
    const killed = reportLines(judge(written, at, () => false)).join("\n");
    assert.match(killed, /^state {7}not running: its process is gone, and said nothing\./m);
    assert.doesNotMatch(killed, /^tasks/m);
  });
});

test("a report of another version is none", () => {
  assert.equal(parseReport('{"pid":5}'), null);
  assert.equal(parseReport("{"), null);
});

test("a helper is shown with its last hello", () => {
  const helper = {
    pid: 7,
    version: "0.1.0",
    protocol: 1,
    agent: true,
    live: 1,
    resting: 0,
    quarantined: 2,
    lastDeletionExit: 0,
  };
  const line = helperLine({ ...helper, lastHello: Date.parse(since) }, () => true);
  assert.equal(
    line,
    "helper      pid 7, version 0.1.0, an agent is connected, the last hello was 2026-01-31T12:00:00.000Z; " +
      "task users: 1 live, 0 resting, 2 quarantined",
  );
  const lonely = helperLine({ ...helper, agent: false, lastHello: 0 }, () => true);
  assert.match(lonely, /no agent is connected, none has said hello yet/);
  assert.match(
    helperLine({ ...helper, lastHello: 0 }, () => false),
    /^helper {6}not running: it was pid 7, version 0\.1\.0; task users then: 1 live/,
  );
  assert.equal(helperLine(null), "helper      has left no status here");
});
