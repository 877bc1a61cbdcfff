import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { TaskLog } from "../agent/task-log.ts";
import { tinyDisk } from "./artifacts/tiny-disk.ts";
import { needsRoot } from "./root.ts";

/** A clock by which every write takes 20 ms. */
function slowDisk(): () => number {
  let now = 0;
  return () => (now += 20);
}

async function newLog(t: TestContext, now?: () => number): Promise<TaskLog> {
  const folder = await mkdtemp(join(tmpdir(), "task-log-"));
  const log = await TaskLog.open(join(folder, "live_backing.log"), undefined, now);
  t.after(async () => {
    await log.close();
    await rm(folder, { recursive: true });
  });
  return log;
}

async function write(log: TaskLog, bytes: Uint8Array): Promise<void> {
  if (!log.output.write(bytes)) await once(log.output, "drain");
}

async function digest(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest("hex");
}

async function text(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const stamp = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

test("the log is a new file that only the agent can read", async (t) => {
  const log = await newLog(t);
  assert.equal((await stat(log.path)).mode & 0o777, 0o600);
  await assert.rejects(TaskLog.open(log.path), { code: "EEXIST" });
});

test("the lines of the worker carry generic-worker's prefixes, on every line of a text", async (t) => {
  const log = await newLog(t);
  log.info("one\ntwo");
  log.warn("three");
  log.error("four");
  log.raw("five");
  await log.close();
  const expected = [
    String.raw`\[taskcluster ${stamp}\] one`,
    String.raw`\[taskcluster ${stamp}\] two`,
    String.raw`\[taskcluster:warn ${stamp}\] three`,
    String.raw`\[taskcluster:error\] four`,
    "five",
  ];
  assert.match(await readFile(log.path, "utf8"), new RegExp(`^${expected.join("\n")}\n$`));
});

test("control characters in the worker's own lines are made visible", async (t) => {
  const log = await newLog(t);
  log.raw("a\u001b[31mb\rc\td\u009be");
  await log.close();
  assert.equal(await readFile(log.path, "utf8"), "a\\x1b[31mb\\x0dc\td\\x9be\n");
});

test("characters that turn the direction of a text are made visible in the worker's own lines", async (t) => {
  const log = await newLog(t);
  log.raw("a\u202egpj.exe\u2066b");
  await log.close();
  assert.equal(await readFile(log.path, "utf8"), "a\\x202egpj.exe\\x2066b\n");
});

test("what commands write beyond their room is dropped, and said once; the worker's own lines fit", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "task-log-"));
  t.after(() => rm(folder, { recursive: true }));
  const log = await TaskLog.open(join(folder, "live_backing.log"), 10);
  await write(log, Buffer.from("12345\n"));
  log.raw("line");
  assert.equal(log.full.aborted, false);
  await write(log, Buffer.from("6789 and more"));
  await write(log, Buffer.from("still more"));
  log.raw("last");
  await log.close();
  assert.equal(log.full.aborted, true);
  assert.equal(await readFile(log.path, "utf8"), "12345\nline\n6789\nlast\n");
});

test("output without a final newline is followed by one before the worker's next line, and by none at the end", async (t) => {
  const log = await newLog(t);
  await write(log, Buffer.from("no end"));
  log.raw("line");
  await write(log, Buffer.from("with end\n"));
  log.raw("line");
  await write(log, Buffer.from("last"));
  await log.close();
  assert.equal(await readFile(log.path, "utf8"), "no end\nline\nwith end\nline\nlast");
});

test("bytes and lines keep their order while much is waiting", async (t) => {
  const log = await newLog(t, slowDisk());
  const expected: string[] = [];
  for (let n = 0; n < 3000; n++) {
    log.output.write(Buffer.from(`output ${n}`));
    log.raw(`line ${n}`);
    expected.push(`output ${n}\nline ${n}\n`);
  }
  await log.close();
  assert.equal(await readFile(log.path, "utf8"), expected.join(""));
  assert.equal(log.size, expected.join("").length);
});

test("bytes that are no text arrive as they are", async (t) => {
  const log = await newLog(t);
  const sent = createHash("sha256");
  for (let n = 0; n < 100; n++) {
    const bytes = randomBytes(1 + ((n * 7919) % 100_000));
    sent.update(bytes);
    await write(log, bytes);
  }
  await log.close();
  assert.equal(await digest(log.reader()), sent.digest("hex"));
});

test("a writer has to wait when 64 KiB have not reached a slow disk", async (t) => {
  const log = await newLog(t, slowDisk());
  const chunk = Buffer.alloc(40_000);
  log.output.write("shows that the disk is slow\n");
  assert.equal(log.output.write(chunk), true);
  assert.equal(log.output.write(chunk), false);
  await once(log.output, "drain");
  await log.close();
  assert.equal(log.size, 80_028);
});

test("a reader follows the log until it is closed", async (t) => {
  const log = await newLog(t);
  const reader = log.reader();
  log.raw("first");
  const { value } = await reader.next();
  assert.equal(Buffer.from(value ?? []).toString(), "first\n");
  const following = reader.next();
  log.raw("second");
  assert.equal(Buffer.from((await following).value ?? []).toString(), "second\n");
  const last = reader.next();
  await log.close();
  assert.deepEqual(await last, { done: true, value: undefined });
});

test("a reader can start in the middle, and after the end", async (t) => {
  const log = await newLog(t);
  log.raw("0123456789");
  await log.close();
  assert.equal(await text(log.reader(4)), "456789\n");
  assert.equal(await text(log.reader(11)), "");
  assert.equal(await text(log.reader(99)), "");
});

test("a reader that stops while it waits is free at once, though the task says nothing", async (t) => {
  const log = await newLog(t);
  const reader = log.reader();
  const waiting = reader.next();
  await reader.return();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  assert.deepEqual(await reader.next(), { done: true, value: undefined });
});

test("a reader that was opened gets everything although the file is removed", async (t) => {
  const log = await newLog(t);
  log.raw("kept");
  const reader = log.reader();
  await reader.open();
  await log.close();
  await unlink(log.path);
  assert.equal(await text(reader), "kept\n");
});

test("50 of 100 readers read nothing while 50 MB are written, and the others get every byte", async (t) => {
  const log = await newLog(t);
  const readers = Array.from({ length: 100 }, () => log.reader());
  const idle = readers.slice(50);
  for (const reader of idle) await reader.open();
  const digests = Promise.all(readers.slice(0, 50).map(digest));
  const sent = createHash("sha256");
  for (let n = 0; n < 800; n++) {
    const bytes = randomBytes(65_536);
    sent.update(bytes);
    await write(log, bytes);
  }
  await log.close();
  assert.deepEqual([...new Set(await digests)], [sent.digest("hex")]);
  for (const reader of idle) await reader.return();
});

test("closing twice is closing once, and later lines are dropped", async (t) => {
  const log = await newLog(t);
  log.raw("in");
  assert.equal(log.closed, false);
  await Promise.all([log.close(), log.close()]);
  assert.equal(log.closed, true);
  log.raw("out");
  await log.close();
  assert.equal(await readFile(log.path, "utf8"), "in\n");
});

test("a log whose output was ended by mistake says so and does not throw", async (t) => {
  const log = await newLog(t);
  log.output.end();
  log.raw("lost");
  await log.close();
  assert.match(String(log.failed.reason), /write after end/);
});

for (const [kind, clock] of [
  ["full", undefined],
  ["full and slow", slowDisk()],
] as const) {
  test(`a disk that is ${kind} ends the log with a sentence, and the task is not blocked`, {
    skip: needsRoot,
  }, async (t) => {
    const folder = await tinyDisk(t, "2m");
    const log = await TaskLog.open(join(folder, "live_backing.log"), undefined, clock);
    const reading = text(log.reader());
    for (let n = 0; n < 100; n++) await write(log, Buffer.alloc(100_000, "x"));
    log.error("too late");
    await log.close();
    assert.equal(log.failed.reason.code, "ENOSPC");
    const said = "What the task wrote from here on is lost: the disk of the worker is full.";
    assert.equal(String(log.ending), `\n[taskcluster:error] ${said}\n[taskcluster:error] too late\n`);
    const read = await reading;
    assert.equal(read.length, log.size + log.ending.length);
    assert.ok(read.endsWith(String(log.ending)));
    assert.ok(log.size > 1_000_000 && log.size <= 2 * 1024 * 1024);
  });
}
