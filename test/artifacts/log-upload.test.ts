import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { uploadLog } from "../../agent/artifacts/log-upload.ts";
import { needsRoot } from "../root.ts";
import { claimedRun, fewRetries } from "./claimed-run.ts";
import { tinyDisk } from "./tiny-disk.ts";

test("the log is stored compressed, as UTF-8 text, until the task expires", async (t) => {
  const { task, artifact, stored } = await claimedRun(t);
  task.log.output.write(Buffer.from([0xff, 0x00, 0x0a]));
  await task.log.close();
  await uploadLog(task, "public/logs/x.log", fewRetries);
  const { contentType, expires, blob } = artifact("public/logs/x.log") ?? {};
  assert.equal(contentType, "text/plain; charset=utf-8");
  assert.equal(expires, task.task.expires);
  assert.equal(blob?.contentEncoding, "gzip");
  assert.deepEqual(gunzipSync(await stored("public/logs/x.log")), Buffer.from([0xff, 0x00, 0x0a]));
});

test("an empty log is stored too", async (t) => {
  const { task, stored } = await claimedRun(t);
  await task.log.close();
  await uploadLog(task, "public/logs/x.log", fewRetries);
  assert.equal(gunzipSync(await stored("public/logs/x.log")).length, 0);
});

test("a disk too full for a compressed copy does not cost the log", { skip: needsRoot }, async (t) => {
  const { task, artifact, stored } = await claimedRun(t);
  task.log.raw("the whole log");
  await task.log.close();
  const full = await tinyDisk(t, "4k");
  await uploadLog({ ...task, scratch: full }, "public/logs/x.log", fewRetries);
  assert.equal(artifact("public/logs/x.log")?.blob?.contentEncoding, "identity");
  assert.equal((await stored("public/logs/x.log")).toString(), "the whole log\n");
});
