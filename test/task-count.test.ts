import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { createLogger } from "../agent/logger.ts";
import { countFile, TaskCount } from "../agent/task-count.ts";
import { fill, tinyDisk } from "./artifacts/tiny-disk.ts";
import { needsRoot } from "./root.ts";

suite("the count of tasks", () => {
  let directory = "";
  let lines: string[] = [];
  const logger = createLogger({ stream: { write: (line) => void lines.push(line) } });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "task-count-"));
    lines = [];
  });
  afterEach(() => rm(directory, { recursive: true }));

  test("goes on where the process before it was", async () => {
    new TaskCount(directory, logger).add();
    const next = new TaskCount(directory, logger);
    next.add();
    assert.equal(next.resolved, 2);
    assert.equal(await readFile(join(directory, countFile), "utf8"), "2");
    assert.deepEqual(lines, []);
  });

  test("takes the file of generic-worker, with or without a line end", async () => {
    await writeFile(join(directory, countFile), "17\n");
    assert.equal(new TaskCount(directory, logger).resolved, 17);
  });

  test("is whole or as it was on a full disk, says so, and is written with the next task", {
    skip: needsRoot,
  }, async (t) => {
    const disk = await tinyDisk(t, "1m");
    const count = new TaskCount(disk, logger);
    count.add();
    const empty = fill(disk);
    count.add();
    assert.equal(await readFile(join(disk, countFile), "utf8"), "1");
    assert.match(lines.join(), /cannot be written, so a restart will forget this task: ENOSPC/);
    empty();
    count.add();
    assert.equal(count.resolved, 3);
    assert.equal(await readFile(join(disk, countFile), "utf8"), "3");
  });

  test("is that of this process alone without a directory", () => {
    const count = new TaskCount(null, logger);
    count.add();
    assert.equal(count.resolved, 1);
    assert.equal(new TaskCount(null, logger).resolved, 0);
  });

  test("begins anew with a file that holds no number, and says so", async () => {
    await writeFile(join(directory, countFile), "many");
    assert.equal(new TaskCount(directory, logger).resolved, 0);
    assert.match(lines.join(), /tasks-resolved-count\.txt holds no number and counts as 0: remove it/);
  });

  test("says when it cannot be written, and counts on", async () => {
    const count = new TaskCount(directory, logger);
    await mkdir(join(directory, `${countFile}.new`));
    count.add();
    assert.equal(count.resolved, 1);
    assert.match(lines.join(), /cannot be written, so a restart will forget this task/);
  });
});
