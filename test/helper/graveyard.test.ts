import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { Directories } from "../../helper/directories.ts";
import { needsRoot } from "../root.ts";
import { toolOutput } from "./machine.ts";

/** A graveyard that was there before the helper. */
function oldGraveyard(t: TestContext, change: (graveyard: string) => void): { tasks: string; graveyard: string } {
  const tasks = mkdtempSync("/var/lib/tasks-");
  t.after(() => rmSync(tasks, { recursive: true }));
  const graveyard = join(tasks, ".taskcluster-worker-test");
  mkdirSync(graveyard, { mode: 0o700 });
  change(graveyard);
  return { tasks, graveyard };
}

suite("A graveyard", { skip: needsRoot }, () => {
  for (const [what, change] of [
    ["that others could enter", (path: string) => chmodSync(path, 0o711)],
    ["of another account", (path: string) => chownSync(path, 64_000, 0)],
  ] satisfies [string, (path: string) => void][]) {
    test(`${what} keeps the helper from starting`, (t) => {
      const { tasks } = oldGraveyard(t, change);
      assert.throws(() => new Directories(tasks, "test"), /is not root's own/);
    });
  }

  test("on another volume, where nothing could be renamed to, keeps the helper from starting", (t) => {
    const { tasks, graveyard } = oldGraveyard(t, (path) => {
      toolOutput("/usr/bin/mount", "-t", "tmpfs", "-o", "mode=0700", "none", path);
    });
    try {
      assert.throws(() => new Directories(tasks, "test"), /is not on the volume/);
    } finally {
      toolOutput("/usr/bin/umount", graveyard);
    }
  });

  test("of root's alone is used", (t) => {
    const { tasks } = oldGraveyard(t, () => {});
    assert.equal(new Directories(tasks, "test").homeOf("tcw-aaaaaaaa"), `${tasks}/tcw-aaaaaaaa/home`);
  });
});
