import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, type TestContext, test } from "node:test";
import { takeLock } from "../../../helper/lock.ts";
import { withLock } from "../../../launchd/install/run-lock.ts";
import { Refusal } from "../../../launchd/refusal.ts";
import { exitStatus } from "../../../shared/exit-status.ts";
import { within } from "../../helper/wait.ts";

const isBusy = (error: unknown): boolean => error instanceof Refusal && error.status === exitStatus.busy;

function receiptIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "run-lock-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "receipt.json");
}

suite("the lock of install, upgrade and uninstall", () => {
  test("is one that nobody else can take while the work is done, whatever the umask is", async (t) => {
    const receipt = receiptIn(t);
    const umask = process.umask(0);
    t.after(() => process.umask(umask));
    await withLock(receipt, async () => {
      assert.equal(takeLock(`${receipt}.lock`), undefined);
      assert.equal(statSync(`${receipt}.lock`).mode & 0o777, 0o600);
      await assert.rejects(
        withLock(receipt, async () => {}),
        isBusy,
      );
    });
  });

  test("is not the one of a file that another has removed after it was opened", async (t) => {
    const receipt = receiptIn(t);
    const path = `${receipt}.lock`;
    writeFileSync(path, "");
    const { exec } = DatabaseSync.prototype;
    // Between the opening and the locking another one comes to its end.
    t.mock.method(DatabaseSync.prototype, "exec", function end(this: DatabaseSync, sql: string) {
      t.mock.restoreAll();
      rmSync(path);
      exec.call(this, sql);
    });
    await withLock(receipt, async () => {
      assert.ok(existsSync(path));
      assert.equal(takeLock(path), undefined, "a third one cannot have it too");
    });
  });

  test("goes with the receipt, and stays with it", async (t) => {
    const receipt = receiptIn(t);
    await withLock(receipt, async () => writeFileSync(receipt, "{}"));
    assert.ok(existsSync(`${receipt}.lock`));
    await withLock(receipt, async () => rmSync(receipt));
    assert.ok(!existsSync(`${receipt}.lock`));
  });

  test("is given back after a failure", async (t) => {
    const receipt = receiptIn(t);
    await assert.rejects(
      withLock(receipt, () => Promise.reject(new Error("no"))),
      /^Error: no$/,
    );
    assert.equal(await withLock(receipt, async () => "done"), "done");
  });

  test("has one holder at a time, however many come and go at once and take it away with them", async (t) => {
    const receipt = receiptIn(t);
    const program = join(import.meta.dirname, "lock-taker.ts");
    const takers = Array.from({ length: 4 }, () => spawn(process.execPath, [program, receipt], { stdio: "inherit" }));
    const ends = await within(Promise.all(takers.map((taker) => once(taker, "exit"))), "those who take it");
    assert.deepEqual(
      ends.map(([code]) => code),
      [0, 0, 0, 0],
    );
    assert.deepEqual(readdirSync(join(receipt, "..")), []);
  });
});
