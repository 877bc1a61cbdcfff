import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { processKey, takeLock } from "../../helper/lock.ts";

function lockFile(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "lock-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "lock");
}

function start(t: TestContext, file: string, ...args: string[]): ChildProcess {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

test("a lock is one process's until it gives it back", async (t) => {
  const file = lockFile(t);
  const unlock = await takeLock(file);
  assert.equal(await takeLock(file), `${process.pid}`);
  assert.ok(typeof unlock === "function");
  unlock();
  assert.equal(existsSync(file), false);
});

test("the lock of a process that has ended is taken over", async (t) => {
  const file = lockFile(t);
  const holder = start(t, "/bin/sleep", "100");
  writeFileSync(file, `${await processKey(holder.pid ?? 0)}\ntoken\n`);
  assert.equal(await takeLock(file), `${holder.pid}`);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  assert.equal(typeof (await takeLock(file)), "function");
});

test("the lock of another process that had the same pid is taken over", async (t) => {
  const file = lockFile(t);
  writeFileSync(file, `${process.pid} Thu Jan  1 00:00:00 1970\ntoken\n`);
  assert.equal(typeof (await takeLock(file)), "function");
});

test("the lock of a process that is dead, but that nobody has waited for, is taken over", async (t) => {
  const file = lockFile(t);
  const lines = 'if (!($pid = fork)) { sleep 100; exit } $| = 1; print "$pid\\n"; sleep 100';
  const parent = start(t, "/usr/bin/perl", "-e", lines);
  assert.ok(parent.stdout);
  const [line] = await once(parent.stdout, "data");
  const zombie = Number(`${line}`);
  writeFileSync(file, `${await processKey(zombie)}\ntoken\n`);
  assert.equal(await takeLock(file), `${zombie}`);
  process.kill(zombie, "SIGKILL");
  assert.equal(typeof (await takeLock(file)), "function");
});
