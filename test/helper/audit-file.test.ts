import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { Audit } from "../../helper/audit.ts";

const maxFile = 128 * 1024 * 1024;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const linesOf = (file: string): string[] => readFileSync(file, "utf8").split("\n").filter(Boolean);
const parsed = (line: string | undefined): Record<string, unknown> => JSON.parse(line ?? "");

function logFile(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "audit-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "audit.log");
}

/** Fills the file up to its bound with nothing: it costs no disk. Its last line stays the last. */
function fill(file: string): void {
  const text = readFileSync(file, "utf8");
  const last = text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
  truncateSync(file, maxFile - last.length - 1);
  appendFileSync(file, `\n${last}`);
  assert.equal(statSync(file).size, maxFile);
}

function assertChained(lines: readonly string[], head: string): void {
  lines.forEach((line, at) => {
    const before = lines[at - 1];
    if (before !== undefined) assert.equal(parsed(line)["prev"], sha256(before), `line ${at + 1}`);
  });
  assert.equal(head, sha256(lines.at(-1) ?? ""));
}

suite("A full audit log", () => {
  test("is renamed, and the new file goes on from its newest line", (t) => {
    const file = logFile(t);
    const audit = new Audit(file);
    audit.note("one", {});
    fill(file);
    const head = audit.head;
    assert.equal(audit.note("two", {}), true);
    assert.equal(statSync(`${file}.1`).size, maxFile);
    const [two, ...more] = linesOf(file);
    assert.deepEqual([parsed(two)["prev"], parsed(two)["action"], more.length], [head, "two", 0]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test("takes the place of the one before it, so that there are never more than two", (t) => {
    const file = logFile(t);
    const audit = new Audit(file);
    writeFileSync(`${file}.1`, "older\n");
    audit.note("one", {});
    fill(file);
    audit.note("two", {});
    assert.ok(!readFileSync(`${file}.1`).includes("older"));
    assert.ok(readFileSync(`${file}.1`).includes('"action":"one"'));
    assert.ok(statSync(file).size < 1000);
  });

  test("of which only the rename was done when the helper was killed is gone on from", (t) => {
    const file = logFile(t);
    const audit = new Audit(file);
    audit.note("one", {});
    audit.note("two", {});
    renameSync(file, `${file}.1`);
    const next = new Audit(file);
    assert.equal(next.head, audit.head);
    next.note("three", {});
    assertChained([...linesOf(`${file}.1`), ...linesOf(file)], next.head);
  });

  test("of which the new file was still empty when the helper was killed is gone on from", (t) => {
    const file = logFile(t);
    const audit = new Audit(file);
    audit.note("one", {});
    renameSync(file, `${file}.1`);
    writeFileSync(file, "");
    const next = new Audit(file);
    next.note("two", {});
    assertChained([...linesOf(`${file}.1`), ...linesOf(file)], next.head);
  });

  test("whose new file held only a piece of a line when the power went is gone on from, with a gap", (t) => {
    const file = logFile(t);
    const audit = new Audit(file);
    audit.note("one", {});
    renameSync(file, `${file}.1`);
    writeFileSync(file, '{"time":17');
    const next = new Audit(file);
    next.note("two", {});
    const two = parsed(linesOf(file).at(-1));
    assert.deepEqual([two["prev"], two["lost"]], [audit.head, 1]);
  });

  test("that cannot be renamed takes no line: the caller is told, and what is lost is counted", (t) => {
    const file = logFile(t);
    const audit = new Audit(file);
    audit.note("one", {});
    fill(file);
    rmSync(`${file}.1`, { force: true });
    // A directory that is not empty stands in the way of the rename.
    const way = mkdtempSync(join(tmpdir(), "audit-way-"));
    writeFileSync(join(way, "file"), "");
    renameSync(way, `${file}.1`);
    assert.equal(audit.note("two", {}), false);
    assert.equal(audit.note("three", {}), false);
    assert.equal(statSync(file).size, maxFile);
    rmSync(`${file}.1`, { recursive: true });
    assert.equal(audit.note("four", {}), true);
    assert.equal(parsed(linesOf(file).at(-1))["lost"], 2);
  });
});

suite("A line of the audit log", () => {
  test("is whole JSON however long its detail is, says that it was cut, and keeps the chain", (t) => {
    const file = logFile(t);
    const audit = new Audit(file);
    for (const long of [
      "x".repeat(20_000),
      '"'.repeat(20_000),
      "\u202e".repeat(20_000),
      "\ud83d\ude00".repeat(20_000),
    ]) {
      assert.equal(audit.note("dscl", { argv: [long] }), true);
    }
    const lines = linesOf(file);
    assert.equal(lines.length, 4);
    for (const line of lines) {
      assert.ok(line.length <= 16_384, `${line.length}`);
      assert.equal(parsed(line)["action"], "dscl");
      assert.equal(typeof parsed(line)["cut"], "string");
    }
    assertChained(lines, audit.head);
  });

  test("keeps all of a detail that fits", (t) => {
    const file = logFile(t);
    new Audit(file).note("dscl", { argv: ["y".repeat(16_000)] });
    assert.deepEqual(parsed(linesOf(file)[0])["argv"], ["y".repeat(16_000)]);
  });

  test("is ASCII: control and bidirectional characters are escaped, and read back as they were", (t) => {
    const file = logFile(t);
    const nasty = "\u0000\u001b[2J\u007f\u0085\u009b\u00ad\u061c\u200b\u202e\u2028\u2066\ufeff\ud800\udb40\udc41";
    new Audit(file).note("create-failed", { message: nasty });
    const [line = ""] = linesOf(file);
    assert.match(line, /^[\x20-\x7e]+$/);
    assert.equal(parsed(line)["message"], nasty);
  });

  test("that was torn off by the end of power is a gap, and no part of the chain", (t) => {
    const file = logFile(t);
    const audit = new Audit(file);
    audit.note("one", {});
    appendFileSync(file, '{"time":1,"prev":"');
    const next = new Audit(file);
    assert.equal(next.head, audit.head);
    next.note("two", {});
    assert.equal(parsed(linesOf(file).at(-1))["lost"], 1);
    assert.equal(parsed(linesOf(file).at(-1))["prev"], audit.head);
  });

  test("that was torn and then ended by a line end is counted as a gap too", (t) => {
    const file = logFile(t);
    new Audit(file).note("one", {});
    appendFileSync(file, '{"time":1,"prev":"\n');
    const next = new Audit(file);
    next.note("two", {});
    assert.equal(parsed(linesOf(file).at(-1))["lost"], 1);
  });
});
