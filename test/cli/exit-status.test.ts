import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { exitStatus, exitStatusLines, worst } from "../../agent/cli/exit-status.ts";
import { root, sourceFiles } from "../imports.ts";

suite("exit statuses", () => {
  test("are the documented numbers", () => {
    const { completed, failed, exception, usage, busy, notRoot, internal, interrupted } = exitStatus;
    assert.deepEqual(
      [completed, failed, exception, usage, busy, notRoot, internal, interrupted],
      [0, 1, 2, 64, 75, 77, 70, 130],
    );
  });

  test("have their numbers in one file, which agent and launchd take them from", () => {
    const number = /(?:[:=(]|=>)\s*(?:69|7[0578])\b\s*[;,)]/;
    const files = sourceFiles().filter((file) => number.test(readFileSync(join(root, file), "utf8")));
    // generic-worker's own are in the agent's file; the helper writes its few itself, for it imports nothing of shared/ but the protocol.
    assert.deepEqual(
      files.filter((file) => !file.startsWith("helper/")),
      ["agent/cli/exit-status.ts", "shared/exit-status.ts"],
    );
  });

  test("have a line of help each, with a meaning", () => {
    const lines = exitStatusLines();
    assert.equal(lines.length, Object.keys(exitStatus).length);
    for (const line of lines) assert.match(line, /^ {2,4}\d+ {2}\S+ \S+/);
  });

  test("rank from completed over failed and exception to interrupted and our own faults", () => {
    const { completed, failed, exception, interrupted, internal } = exitStatus;
    assert.equal(worst([]), completed);
    assert.equal(worst([completed, failed, completed]), failed);
    assert.equal(worst([exception, failed]), exception);
    assert.equal(worst([interrupted, exception]), interrupted);
    assert.equal(worst([internal, interrupted]), internal);
  });
});
