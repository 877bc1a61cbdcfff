import assert from "node:assert/strict";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { suite, type TestContext, test } from "node:test";
import { needsRoot } from "../root.ts";
import { filesLeft, Others } from "./others.ts";

function others(t: TestContext): Others {
  const planted = new Others();
  t.after(() => planted.remove());
  return planted;
}

suite("What belongs to others", { skip: needsRoot }, () => {
  test("is as it was while other things on the machine come and go", (t) => {
    const planted = others(t);
    const folder = mkdtempSync("/tmp/others-");
    assert.deepEqual(planted.changes(), []);
    rmSync(folder, { recursive: true });
    assert.deepEqual(planted.changes(), []);
  });

  test("has changed when a file of theirs is written, given away, removed, or put beside", (t) => {
    const planted = others(t);
    const [written = "", given = "", removed = "", more = ""] = planted.folders;
    writeFileSync(`${written}/file`, "changed");
    chownSync(`${given}/file`, 4798, 4798);
    rmSync(removed, { recursive: true });
    writeFileSync(`${more}/new`, "");
    const changes = planted.changes().join("\n");
    for (const path of [`${written}/file`, `${given}/file`, `${removed}/file`])
      assert.match(changes, RegExp(`gone: ${path} `));
    assert.match(changes, RegExp(`new: ${more}/new `));
  });

  test("has changed when a process of theirs has ended", async (t) => {
    const planted = others(t);
    const [process] = planted.processes;
    assert.ok(process);
    process.kill("SIGKILL");
    await once(process, "exit");
    assert.deepEqual(planted.changes(), [`ended: process ${process.pid}`]);
  });

  test("is not what a task user has left, which is found by its uid", (t) => {
    const folder = mkdtempSync("/var/tmp/others-");
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(`${folder}/file`, "");
    chownSync(`${folder}/file`, 4798, 4798);
    assert.deepEqual(filesLeft([4798, 4798]), [`${folder}/file`]);
    assert.deepEqual(filesLeft([4799, 4799]), []);
  });
});
