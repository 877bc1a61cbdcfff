import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { BackingFile } from "../agent/backing-file.ts";

/** A file, and a clock that goes on by `step` at each look at it. */
async function timedFile(t: TestContext): Promise<{ file: BackingFile; path: string; clock: { step: number } }> {
  const folder = await mkdtemp(join(tmpdir(), "backing-file-"));
  const clock = { step: 0 };
  let now = 0;
  const path = join(folder, "live_backing.log");
  const file = await BackingFile.open(path, () => (now += clock.step));
  t.after(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });
  return { file, path, clock };
}

suite("The backing file", () => {
  test("has the bytes when a write returns, as long as the disk is quick", async (t) => {
    const { file, path } = await timedFile(t);
    assert.equal(file.append([Buffer.from("one "), Buffer.alloc(5_000, "a"), Buffer.from(" two")]), undefined);
    assert.equal(file.size, 5_008);
    assert.equal(await readFile(path, "utf8"), `one ${"a".repeat(5_000)} two`);
  });

  test("is written aside after a write that took long", async (t) => {
    const { file, path, clock } = await timedFile(t);
    clock.step = 11;
    assert.equal(file.append([Buffer.from("slow,")]), undefined);
    const aside = file.append([Buffer.from("aside")]);
    assert.ok(aside instanceof Promise);
    await aside;
    assert.equal(file.size, 10);
    assert.equal(await readFile(path, "utf8"), "slow,aside");
  });

  test("is written at once again when the disk has had time", async (t) => {
    const { file, clock } = await timedFile(t);
    clock.step = 11;
    await file.append([Buffer.from("slow")]);
    clock.step = 2_001;
    assert.equal(file.append([Buffer.from("at once")]), undefined);
  });
});
