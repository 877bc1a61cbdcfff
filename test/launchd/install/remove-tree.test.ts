import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs, {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { removeTree } from "../../../launchd/install/remove-tree.ts";
import { whyNotRemoved } from "../../../launchd/install/unlocking.ts";
import { needsRoot } from "../../root.ts";

const somebody = 4799;

/** What is said of each thing that stays. */
const told = (path: string): string[] => removeTree(path).map((error) => whyNotRemoved(error, "uninstall"));

/** What is said while the system answers so, whatever the path. */
function toldWhere(t: TestContext, unlink: (path: string) => void, path: string): string[] {
  const { mock } = t.mock.method(fs, "unlinkSync", unlink);
  syncBuiltinESMExports();
  try {
    return told(path);
  } finally {
    mock.restore();
    syncBuiltinESMExports();
  }
}

const refusal = (code: string) => (path: string) => {
  throw Object.assign(new Error(`${code}: unlink '${path}'`), { code, path });
};

function canMount(folder: string): boolean {
  const can = spawnSync("mount", ["-t", "tmpfs", "none", folder]).status === 0;
  if (can) writeFileSync(join(folder, "file"), "");
  return can;
}

suite("a directory that is removed with all that is in it", { skip: needsRoot }, () => {
  function tree(t: TestContext): { folder: string; path: string } {
    const folder = mkdtempSync(join(tmpdir(), "remove-tree-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "state");
    mkdirSync(join(path, "a/b"), { recursive: true });
    writeFileSync(join(path, "a/b/file"), "root's");
    return { folder, path };
  }

  test("goes, with files of others in it", (t) => {
    const { folder, path } = tree(t);
    writeFileSync(join(path, "log"), "somebody's, in a directory of root's");
    chownSync(join(path, "log"), somebody, somebody);
    assert.deepEqual(removeTree(path), []);
    assert.deepEqual(readdirSync(folder), []);
  });

  test("goes without what a link in it leads to", (t) => {
    const { folder, path } = tree(t);
    writeFileSync(join(folder, "outside"), "");
    mkdirSync(join(folder, "elsewhere"));
    symlinkSync(join(folder, "outside"), join(path, "to-file"));
    symlinkSync(join(folder, "elsewhere"), join(path, "to-directory"));
    assert.deepEqual(removeTree(path), []);
    assert.deepEqual(readdirSync(folder).sort(), ["elsewhere", "outside"]);
  });

  test("goes with an empty directory of somebody else's", (t) => {
    const { path } = tree(t);
    mkdirSync(join(path, "home"));
    chownSync(join(path, "home"), somebody, somebody);
    assert.deepEqual(removeTree(path), []);
    assert.equal(existsSync(path), false);
  });

  test("stays where somebody else's directory holds something, which root never enters", (t) => {
    const { path } = tree(t);
    mkdirSync(join(path, "home/deep"), { recursive: true });
    writeFileSync(join(path, "home/deep/file"), "a task's");
    chownSync(join(path, "home"), somebody, somebody);
    assert.deepEqual(told(path), [
      `${join(path, "home")} is not root's, and root does not enter it: look at it, and remove it`,
    ]);
    assert.deepEqual(readdirSync(path), ["home"]);
    assert.equal(existsSync(join(path, "home/deep/file")), true);
  });

  test("stays where something is mounted in it, which root does not enter either", (t) => {
    const { path } = tree(t);
    if (!canMount(join(path, "a/b"))) return t.skip("nothing can be mounted here");
    try {
      assert.deepEqual(told(path), [`${join(path, "a/b")} is mounted: look at it, and unmount it`]);
    } finally {
      spawnSync("umount", [join(path, "a/b")]);
    }
  });

  test("is told of with what the system says, and how to unlock it only where it may be locked", (t) => {
    const { path } = tree(t);
    const file = join(path, "a/b/file");
    assert.deepEqual(toldWhere(t, refusal("EBUSY"), path), [`EBUSY: unlink '${file}'`]);
    const [locked = "", ...more] = toldWhere(t, refusal("EPERM"), path);
    assert.deepEqual(more, []);
    assert.match(locked, /^EPERM: .*; if it is locked .* chflags -R nouchg,noschg \S+file, and run uninstall again$/);
  });

  test("goes where somebody else has removed a part of it meanwhile", (t) => {
    const { path } = tree(t);
    const { unlinkSync } = fs;
    const twice = (path: string): void => {
      unlinkSync(path);
      unlinkSync(path);
    };
    assert.deepEqual(toldWhere(t, twice, path), []);
    assert.equal(existsSync(path), false);
  });
});
