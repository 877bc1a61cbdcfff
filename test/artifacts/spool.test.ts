import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { exactly } from "../../agent/artifacts/source.ts";
import { spool } from "../../agent/artifacts/spool.ts";
import { TaskError } from "../../agent/outcome.ts";
import { needsRoot } from "../root.ts";
import { claimedRun } from "./claimed-run.ts";
import { tinyDisk } from "./tiny-disk.ts";

const log = "live_backing.log";

test("a copy can be read any number of times, and is private to the agent", async (t) => {
  const { task } = await claimedRun(t);
  const bytes = randomBytes(300_000);
  const copy = await spool(task, exactly(Readable.from([bytes]), bytes.length), "identity");
  assert.equal(copy.size, bytes.length);
  assert.equal((await stat(copy.path)).mode & 0o777, 0o600);
  for (const _ of [1, 2]) assert.deepEqual(await buffer(await copy.open()), bytes);
  await copy.remove();
  assert.deepEqual(await readdir(task.scratch), [log]);
});

test("a compressed copy has the size of what is sent", async (t) => {
  const { task } = await claimedRun(t);
  const bytes = Buffer.alloc(1_000_000, "line\n");
  const copy = await spool(task, exactly(Readable.from([bytes]), bytes.length), "gzip");
  assert.ok(copy.size < 10_000);
  const sent = await buffer(await copy.open());
  assert.equal(sent.length, copy.size);
  assert.deepEqual(gunzipSync(sent), bytes);
});

test("a file that is not as long as it was said leaves no copy", async (t) => {
  const { task } = await claimedRun(t);
  for (const encoding of ["identity", "gzip"] as const) {
    for (const size of [2, 4]) {
      const copying = spool(task, exactly(Readable.from([Buffer.from("abc")]), size), encoding);
      await assert.rejects(copying, { name: "ResourceError", reason: "invalid-resource-on-worker" });
    }
  }
  assert.deepEqual(await readdir(task.scratch), [log]);
});

test("a copy that is larger than the storage takes is given up", async (t) => {
  const { task } = await claimedRun(t);
  const chunks = Readable.from([Buffer.alloc(600), Buffer.alloc(600)]);
  const error = { name: "ResourceError", reason: "too-large-file-on-worker" };
  await assert.rejects(spool(task, chunks, "identity", 1000), error);
  assert.deepEqual(await readdir(task.scratch), [log]);
});

test("a disk that is full, or would be too full, is refused with one sentence", { skip: needsRoot }, async (t) => {
  const { task } = await claimedRun(t);
  const tiny = await tinyDisk(t, "2m");
  for (const requiredDiskSpaceMegabytes of [0, 10_240]) {
    const config = { ...task.config, requiredDiskSpaceMegabytes };
    const body = Readable.from([randomBytes(3_000_000)]);
    await assert.rejects(spool({ ...task, scratch: tiny, config }, body, "gzip"), (error) => {
      assert.ok(error instanceof TaskError, String(error));
      assert.equal(error.kind, "resource-unavailable");
      assert.match(error.message, /^There is not enough disk space on the worker/);
      return true;
    });
  }
  assert.deepEqual(await readdir(tiny), []);
});
