import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { runAs } from "../../helper/spawn.ts";
import { needsRoot } from "../root.ts";
import { configOf } from "./one-uid.ts";

/** In no range that anything else uses. */
const uid = 4798;
const config = configOf(uid);

function sharedFile(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "sweep-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "file");
  writeFileSync(file, "x");
  for (const path of [directory, file]) chownSync(path, uid, uid);
  return file;
}

test("what a task user owns in shared places is removed", { skip: needsRoot }, async (t) => {
  const file = sharedFile(t);
  const { stdout } = await runAs(uid, config, "sweep", ["tcw-aaaaaaaa", `${uid}`], 20_000);
  assert.equal(stdout, "found 2\nset-id 0\nleft 0\nlooked\n");
  assert.equal(existsSync(file), false);
});

test("what a task user owns and only root could remove stays, and is counted", { skip: needsRoot }, async (t) => {
  const file = sharedFile(t);
  chownSync(dirname(file), 0, 0);
  chmodSync(dirname(file), 0o755);
  const { stdout } = await runAs(uid, config, "sweep", ["tcw-aaaaaaaa", `${uid}`], 20_000);
  assert.equal(stdout, "found 1\nset-id 0\nleft 1\nlooked\n");
  assert.equal(existsSync(file), true);
});

test("the artifacts that an agent has saved in a shared place stay", { skip: needsRoot }, async (t) => {
  const file = sharedFile(t);
  const { stdout } = await runAs(uid, config, "sweep", ["_tcworker", `${uid}`], 20_000);
  assert.equal(stdout, "found 0\nleft 0\nlooked\n");
  assert.equal(existsSync(file), true);
});
