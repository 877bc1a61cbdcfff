import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { takeLock } from "../../helper/lock.ts";

/** `LOCK_ROUNDS=50` by hand. */
const rounds = Number(process.env["LOCK_ROUNDS"] ?? 2);
const contenders = 20;
const program = join(import.meta.dirname, "lock-holder.ts");

function lockFile(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "lock-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "lock");
}

interface Contender {
  readonly child: ChildProcess;
  /** "held" or "refused". */
  readonly said: Promise<string>;
}

function contend(t: TestContext, file: string): Contender {
  const child = spawn(process.execPath, [program, file], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  return { child, said: once(child.stdout, "data").then(([text]) => `${text}`.trim()) };
}

test("a lock is one process's until it gives it back", async (t) => {
  const file = lockFile(t);
  const { child, said } = contend(t, file);
  assert.equal(await said, "held");
  assert.equal(takeLock(file), undefined);
  const ended = once(child, "exit");
  child.stdin?.end();
  await ended;
  const lock = takeLock(file);
  assert.ok(lock);
  lock.close();
});

test("a lock that a process has taken is refused to the same process too", (t) => {
  const file = lockFile(t);
  const lock = takeLock(file);
  assert.equal(takeLock(file), undefined);
  lock?.close();
  const again = takeLock(file);
  assert.ok(again);
  again.close();
});

test("a killed process holds no lock, even before somebody has waited for it", async (t) => {
  const file = lockFile(t);
  const lines = 'if (!($pid = fork)) { exec @ARGV } $| = 1; print "$pid\\n"; sleep 1000';
  const parent = spawn("/usr/bin/perl", ["-e", lines, process.execPath, program, file], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => parent.kill("SIGKILL"));
  let text = "";
  for await (const chunk of parent.stdout) {
    text += chunk;
    if (text.includes("held")) break;
  }
  const pid = Number(/\d+/.exec(text)?.[0]);
  assert.equal(takeLock(file), undefined);
  process.kill(pid, "SIGKILL");
  const lock = takeLock(file, 30_000);
  assert.ok(lock);
  lock.close();
});

test("a lock can be waited for", async (t) => {
  const file = lockFile(t);
  const { child, said } = contend(t, file);
  assert.equal(await said, "held");
  child.kill("SIGKILL"); // It is on its way while we block.
  const lock = takeLock(file, 30_000);
  assert.ok(lock);
  lock.close();
});

test("a lock leaves an empty file and nothing beside it", (t) => {
  const file = lockFile(t);
  const lock = takeLock(file);
  assert.deepEqual(readdirSync(join(file, "..")), ["lock"]);
  lock?.close();
  assert.deepEqual(readdirSync(join(file, "..")), ["lock"]);
  assert.equal(statSync(file).size, 0);
});

test("what is no lock file is an error, and not somebody's lock", (t) => {
  const directory = join(lockFile(t), "..");
  chmodSync(directory, 0o700);
  assert.throws(() => takeLock(join(directory, "absent", "lock")), /unable to open/);
  writeFileSync(join(directory, "lock"), "x".repeat(1024));
  assert.throws(() => takeLock(join(directory, "lock")), /not a database/);
});

test(`of ${contenders} processes that want the lock of a killed one at once, exactly one gets it`, async (t) => {
  const file = lockFile(t);
  let holder = contend(t, file);
  assert.equal(await holder.said, "held");
  for (let round = 1; round <= rounds; round += 1) {
    const killed = once(holder.child, "exit");
    const all = Array.from({ length: contenders }, () => contend(t, file));
    holder.child.kill("SIGKILL");
    await killed;
    // Those that were refused while the killed one still held it ended; the others raced.
    const answers = await Promise.all(all.map(async (each) => ({ each, answer: await each.said })));
    const winners = answers.filter(({ answer }) => answer === "held");
    assert.equal(winners.length, 1, `round ${round}: ${winners.length} hold the lock`);
    assert.equal(takeLock(file), undefined);
    holder = winners[0]?.each ?? holder;
  }
});
