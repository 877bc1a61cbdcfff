import assert from "node:assert/strict";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { suite, type TestContext, test } from "node:test";
import { Directories } from "../../helper/directories.ts";
import { needsRoot } from "../root.ts";
import { toolOutput } from "./machine.ts";

const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);

/** A directory below which nobody but root can change anything. */
function folder(t: TestContext): string {
  const path = mkdtempSync("/home/directories-");
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

suite("The tasks directory", { skip: needsRoot }, () => {
  test("is made where there is none, for everybody to enter and nobody to list", (t) => {
    const tasks = `${folder(t)}/tasks`;
    new Directories(tasks, "test");
    assert.equal(modeOf(tasks), "711");
    assert.equal(modeOf(`${tasks}/.taskcluster-worker-test`), "700");
  });

  test("is left as it is where there is one", (t) => {
    const tasks = folder(t);
    chmodSync(tasks, 0o755);
    new Directories(tasks, "test").close();
    assert.equal(modeOf(tasks), "755");
    assert.deepEqual(readdirSync(tasks), []);
  });

  test("is refused with a graveyard that others could look into", (t) => {
    const tasks = folder(t);
    const graveyard = `${tasks}/.taskcluster-worker-test`;
    mkdirSync(graveyard);
    chmodSync(graveyard, 0o711);
    assert.throws(() => new Directories(tasks, "test"), { message: `${graveyard} is not root's own: remove it` });
  });

  test("is refused with a graveyard on another volume, to which no rename leads", (t) => {
    const tasks = folder(t);
    const graveyard = `${tasks}/.taskcluster-worker-test`;
    mkdirSync(graveyard);
    toolOutput("/bin/mount", "-t", "tmpfs", "-o", "mode=0700", "tmpfs", graveyard);
    try {
      const message = `${graveyard} is not on the volume of ${tasks}`;
      assert.throws(() => new Directories(tasks, "test"), { message });
    } finally {
      toolOutput("/bin/umount", graveyard);
    }
  });

  test("keeps its graveyard at a clean end while something lies there", (t) => {
    const tasks = folder(t);
    const directories = new Directories(tasks, "test");
    directories.create("tcw-aaaaaaaa", 5999);
    writeFileSync(`${directories.homeOf("tcw-aaaaaaaa")}/kept`, "");
    assert.equal(directories.remove("tcw-aaaaaaaa"), false);
    directories.close();
    assert.equal(existsSync(`${tasks}/tcw-aaaaaaaa`), false);
    const [grave = ""] = readdirSync(`${tasks}/.taskcluster-worker-test`);
    assert.match(grave, /^tcw-aaaaaaaa-[0-9a-f]{8}$/);
  });
});
