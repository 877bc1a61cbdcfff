import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { stateRoot } from "../../helper/places.ts";
import { removeStale, stage } from "../../helper/stage.ts";
import { root } from "../imports.ts";
import { needsRoot } from "../root.ts";

const hash = (digit: string): string => digit.repeat(32);
const longAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);

/** A directory like `staged/` with a copy that nobody has staged for two days. */
function stagedFolder(t: TestContext): { staged: string; old: string } {
  const top = mkdtempSync("/tmp/stale-test-");
  t.after(() => rmSync(top, { recursive: true }));
  const staged = join(top, "staged");
  const old = join(staged, hash("a"));
  mkdirSync(join(old, "helper"), { recursive: true });
  mkdirSync(join(top, "private"), { mode: 0o700 });
  utimesSync(old, longAgo, longAgo);
  return { staged, old };
}

/** A process with these words on its command line. */
async function running(t: TestContext, ...words: string[]): Promise<ChildProcess> {
  const child = spawn("/bin/bash", ["-c", "echo; read", "bash", ...words], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

test("a copy that nothing runs from and that nobody has staged for a day is removed", async (t) => {
  const { staged, old } = stagedFolder(t);
  await removeStale(staged);
  assert.equal(existsSync(old), false);
});

test("a copy that a running process names is never removed, however old it is", async (t) => {
  const { staged, old } = stagedFolder(t);
  const child = await running(t, "-".repeat(3000), join(old, "helper/main.ts"));
  await removeStale(staged);
  assert.equal(existsSync(old), true);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  await removeStale(staged);
  assert.equal(existsSync(old), false);
});

test("a copy that was staged today stays, although nothing runs from it yet", async (t) => {
  const { staged } = stagedFolder(t);
  const fresh = join(staged, hash("b"));
  mkdirSync(fresh);
  await removeStale(staged);
  assert.deepEqual(readdirSync(staged), [hash("b")]);
});

test("what a killed starter left half made is removed like a copy", async (t) => {
  const { staged, old } = stagedFolder(t);
  for (const name of [`${old}.123`, `${old}.0c1f`]) {
    mkdirSync(name);
    utimesSync(name, longAgo, longAgo);
  }
  await removeStale(staged);
  assert.deepEqual(readdirSync(staged), []);
});

test("staging makes two copies, and the next time uses them again and keeps them fresh", async (t) => {
  const { staged, old } = stagedFolder(t);
  const first = await stage(root, process.execPath, staged);
  assert.equal(existsSync(old), false, "the stale copy is gone");
  const names = readdirSync(staged).sort();
  assert.equal(names.length, 2);
  for (const name of names) utimesSync(join(staged, name), longAgo, longAgo);
  assert.deepEqual(await stage(root, process.execPath, staged), first);
  assert.deepEqual(readdirSync(staged).sort(), names);
  assert.ok(existsSync(join(first.code, "node_modules/yaml/package.json")));
  assert.ok(existsSync(first.node));
});

suite("A running worker", { skip: needsRoot }, () => {
  test("keeps its copy through a start of another version, however long it has been running", async (t) => {
    const { startRealHelper } = await import("./real-helper.ts");
    const helper = await startRealHelper();
    t.after(() => helper.stop());
    const staged = `${stateRoot}/staged`;
    const stale = join(staged, hash("f"));
    mkdirSync(stale);
    for (const name of readdirSync(staged)) utimesSync(join(staged, name), longAgo, longAgo);
    await removeStale(staged);
    assert.equal(existsSync(stale), false);
    assert.ok(existsSync(helper.code) && existsSync(helper.node));
    assert.ok(existsSync(join(helper.code, "node_modules/yaml/package.json")), "and the packages that it links to");
  });
});
