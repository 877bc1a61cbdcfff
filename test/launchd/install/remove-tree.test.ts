import assert from "node:assert/strict";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { removeTree } from "../../../launchd/install/remove-tree.ts";
import { needsRoot } from "../../root.ts";

const somebody = 4799;

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
    assert.deepEqual(removeTree(path), [join(path, "home")]);
    assert.deepEqual(readdirSync(path), ["home"]);
    assert.equal(existsSync(join(path, "home/deep/file")), true);
  });
});
