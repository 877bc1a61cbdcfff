import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { needsRoot } from "../root.ts";

const longestMs = 10 * 60_000;
/** With it a process is killed, and both disks are full for a while. */
const short = ["--tasks", "40", "--seed", "260"];

test("a short soak finds nothing wrong", { skip: needsRoot, timeout: longestMs }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "run.ts"), ...short], {
    ...{ encoding: "utf8", timeout: longestMs },
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  assert.match(stdout, /: all as it must be\n$/);
});
