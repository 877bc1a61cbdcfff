import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { root } from "../imports.ts";

/** Runs the script with a `security` that prints its arguments, and fails at those that begin with `failing`. */
function run(t: TestContext, failing = "none"): { lines: string[]; status: number | null; home: string } {
  const home = mkdtempSync(join(tmpdir(), "keychain-"));
  t.after(() => rmSync(home, { recursive: true }));
  const standIn = `/usr/bin/security() { printf '%s|' "$@"; echo; [[ $1 != ${failing} ]]; }`;
  const argv = ["-c", `${standIn}\n. "$0"`, join(root, "examples/login-keychain.sh")];
  const { stdout, status } = spawnSync("/bin/bash", argv, { env: { HOME: home }, encoding: "utf8" });
  return { lines: stdout.trim().split("\n"), status, home };
}

test("a task user's login keychain is its own, is the default and is unlocked", (t) => {
  const { lines, status, home } = run(t);
  const keychain = `${home}/Library/Keychains/login.keychain-db`;
  assert.deepEqual(lines, [
    `create-keychain|-p||${keychain}|`,
    `list-keychains|-d|user|-s|${keychain}|`,
    `default-keychain|-d|user|-s|${keychain}|`,
    `login-keychain|-d|user|-s|${keychain}|`,
    `unlock-keychain|-p||${keychain}|`,
    `set-keychain-settings|${keychain}|`,
  ]);
  assert.equal(status, 0);
  assert.ok(existsSync(join(home, "Library/Keychains")));
});

test("a login keychain that cannot be made fails the program, and with it no task is begun", (t) => {
  const { lines, status } = run(t, "create-keychain");
  assert.equal(lines.length, 1);
  assert.notEqual(status, 0);
});
