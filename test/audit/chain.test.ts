import assert from "node:assert/strict";
import { appendFileSync, createReadStream, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { suite, test } from "node:test";
import { BrokenChain, Chain, type Followed } from "../../agent/audit/chain.ts";
import { hashOf } from "../../agent/audit/entry.ts";
import { logLines } from "../../agent/audit/log-lines.ts";
import { Audit } from "../../helper/audit.ts";
import { tamper, writeLog } from "./written-log.ts";

async function follow(files: readonly string[], wanted?: string): Promise<Followed> {
  const chain = new Chain(wanted);
  for (const file of files) {
    chain.begin(basename(file));
    for await (const line of logLines(createReadStream(file, { highWaterMark: 100 }))) chain.follow(line);
  }
  return chain.end();
}

const breaks = (files: readonly string[], because: RegExp): Promise<void> =>
  assert.rejects(follow(files), (error) => error instanceof BrokenChain && because.test(error.message));

suite("An audit log as the helper wrote it", () => {
  test("is intact, and its head is the helper's", async (t) => {
    const { file, head } = writeLog(t);
    assert.deepEqual(await follow([file]), { entries: 5, head, beginsLate: false, lost: 0, behindWanted: undefined });
  });

  test("is intact over its two files", async (t) => {
    const { file, head } = writeLog(t, { rotateAt: 2 });
    const { entries, head: seen, beginsLate } = await follow([`${file}.1`, file]);
    assert.deepEqual([entries, seen, beginsLate], [5, head, false]);
  });

  test("without its older file begins late, and says so", async (t) => {
    const { file } = writeLog(t, { rotateAt: 2 });
    assert.equal((await follow([file])).beginsLate, true);
  });

  test("tells how many entries are newer than a head that was noted", async (t) => {
    const { file, head } = writeLog(t);
    assert.equal((await follow([file], head)).behindWanted, 0);
    const [, second = ""] = readFileSync(file, "utf8").split("\n");
    assert.equal((await follow([file], hashOf(Buffer.from(second)))).behindWanted, 3);
    assert.equal((await follow([file], "0".repeat(64))).behindWanted, 5);
  });

  test("that is empty is intact", async (t) => {
    const { file } = writeLog(t, { log: [] });
    assert.equal((await follow([file])).entries, 0);
  });

  test("has its gaps counted, also behind a piece of a line", async (t) => {
    const { file } = writeLog(t);
    for (const piece of ['{"time":17', '{"time":1}x\n', "\n"]) {
      appendFileSync(file, piece);
      new Audit(file).note("later", {});
    }
    const { entries, lost } = await follow([file]);
    assert.equal(entries, 8);
    assert.ok(lost >= 2);
  });

  test("may hold a whole line whose end was not written, behind which the helper went on from the one before", async (t) => {
    const { file } = writeLog(t);
    const audit = new Audit(file);
    audit.note("unfinished", {});
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.slice(0, -1));
    new Audit(file).note("later", {});
    assert.equal((await follow([file])).lost, 1);
  });
});

suite("An audit log that somebody changed", () => {
  test("shows a changed line", async (t) => {
    const { file } = writeLog(t);
    tamper(file, (lines) => lines.map((line, at) => (at === 2 ? line.replace("5501", "5502") : line)));
    await breaks([file], /^audit\.log, line 4: it does not follow on from line 3, which was changed/);
  });

  test("shows a removed line", async (t) => {
    const { file } = writeLog(t);
    tamper(file, (lines) => lines.toSpliced(2, 1));
    await breaks([file], /^audit\.log, line 3: .*removed/);
  });

  test("shows two lines that changed places", async (t) => {
    const { file } = writeLog(t);
    tamper(file, ([a = "", b = "", ...more]) => [b, a, ...more]);
    await breaks([file], /^audit\.log, line [12]: /);
  });

  test("shows a line that was put in", async (t) => {
    const { file } = writeLog(t);
    tamper(file, (lines) => lines.toSpliced(2, 0, lines[1] ?? ""));
    await breaks([file], /^audit\.log, line 3: /);
  });

  test("shows a line that is no entry", async (t) => {
    const { file } = writeLog(t);
    tamper(file, (lines) => lines.toSpliced(2, 0, "hello"));
    await breaks([file], /^audit\.log, line 3: this is no line of the helper's$/);
  });

  test("shows an endless line", async (t) => {
    const { file } = writeLog(t);
    tamper(file, (lines) => lines.toSpliced(2, 0, "x".repeat(2_000_000)));
    await breaks([file], /^audit\.log, line 3: this is no line/);
  });

  test("shows a line that was cut through", async (t) => {
    const { file } = writeLog(t);
    writeFileSync(file, readFileSync(file, "utf8").slice(0, -20));
    await breaks([file], /^audit\.log, line 5: the log is cut off here/);
  });

  test("shows lines cut off at the end of the older file", async (t) => {
    const { file } = writeLog(t, { rotateAt: 3 });
    tamper(`${file}.1`, (lines) => lines.slice(0, -1));
    await breaks([`${file}.1`, file], /^audit\.log, line 1: it does not follow on from the end of the file before/);
  });

  test("shows a first line that was removed from the newer file", async (t) => {
    const { file } = writeLog(t, { rotateAt: 2 });
    tamper(file, (lines) => lines.slice(1));
    await breaks([`${file}.1`, file], /^audit\.log, line 1: /);
  });

  test("shows files in the wrong order", async (t) => {
    const { file } = writeLog(t, { rotateAt: 2 });
    await breaks([file, `${file}.1`], /^audit\.log\.1, line 1: /);
  });

  test("shows no line cut off at the end by itself, but by a head that was noted", async (t) => {
    const { file, head } = writeLog(t);
    tamper(file, (lines) => lines.slice(0, -1));
    assert.equal((await follow([file], head)).behindWanted, undefined);
  });

  test("shows a rewritten chain by a head that was noted", async (t) => {
    const { head } = writeLog(t);
    const { file } = writeLog(t, { log: [["create", {}]] });
    assert.equal((await follow([file], head)).behindWanted, undefined);
  });

  test("cannot pass a change off as a gap", async (t) => {
    const { file } = writeLog(t);
    tamper(file, (lines) => lines.map((line, at) => (at === 2 ? line.replace('"action"', '"lost":1,"action"') : line)));
    await breaks([file], /^audit\.log, line 4: /);
  });
});
