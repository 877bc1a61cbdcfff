import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { makeScratch } from "../agent/scratch.ts";

function stateDirectory(t: TestContext): string {
  const state = mkdtempSync(join(tmpdir(), "scratch-test-"));
  t.after(() => rmSync(state, { recursive: true }));
  return state;
}

/** A directory as a process with this pid would have left it, with a file in it. */
function leave(state: string, name: string): string {
  mkdirSync(join(state, name));
  writeFileSync(join(state, name, "file"), "x");
  return name;
}

async function deadPid(): Promise<number> {
  const child = spawn("/bin/true");
  await once(child, "exit");
  return child.pid ?? 0;
}

test("a scratch directory is new and empty every time", async (t) => {
  const state = stateDirectory(t);
  const [first, second] = [await makeScratch(state, "runs"), await makeScratch(state, "runs")];
  assert.notEqual(first, second);
  assert.deepEqual([readdirSync(first), readdirSync(second)], [[], []]);
});

test("what a killed agent left is removed by the next one", async (t) => {
  const state = stateDirectory(t);
  const pid = await deadPid();
  leave(state, `runs-${pid}-abcDEF`);
  leave(state, `artifacts-${pid}-abcDEF`);
  const own = await makeScratch(state, "runs");
  assert.deepEqual(readdirSync(state), [basename(own)]);
});

test("the directories of an agent that runs, and what is none of them, stay", async (t) => {
  const state = stateDirectory(t);
  const running = leave(state, `runs-${process.ppid}-abcDEF`);
  const others = [leave(state, "runs-kept"), leave(state, `${await deadPid()}`)];
  const own = await makeScratch(state, "artifacts");
  assert.deepEqual(readdirSync(state).sort(), [...others, running, basename(own)].sort());
});
