import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ResourceError, type ResourceReason } from "../../agent/engine/engine.ts";
import { needsRoot } from "../root.ts";
import { useRealEngine } from "./real-engine.ts";

const real = useRealEngine();

async function allOf(names: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const name of names) all.push(name);
  return all;
}

const options = { skip: needsRoot, timeout: 120_000 };

describe("a folder of a task", options, () => {
  test("is listed in depth: files, links and special files, no directories", async () => {
    const lines = "mkdir -p d/e/empty; echo >d/a; echo >d/e/b; ln -s /etc d/link; mkfifo d/fifo";
    const { result, home, folder } = await real.finishedTask();
    const at = folder(lines);
    for (const path of [`${at}/d`, `./${at}/d/`, `${home}/${at}/d`]) {
      assert.deepEqual((await allOf(result.listFolder(path))).sort(), ["a", "e/b", "fifo", "link"]);
    }
  });

  test("may have names with spaces, line feeds, options and letters of any script", async () => {
    const names = ["a b", "a\nb", "-rf", "é", "*", "'", ".hidden"];
    const quoted = names.map((name) => `'./${name.replaceAll("'", "'\\''")}'`).join(" ");
    const { result, folder } = await real.finishedTask();
    const at = folder(`touch -- ${quoted}`);
    assert.deepEqual((await allOf(result.listFolder(at))).sort(), names.sort());
  });

  test("may be empty, and may be a link", async () => {
    const { result, folder } = await real.finishedTask();
    const at = folder("mkdir empty full; echo >full/a; ln -s full link");
    assert.deepEqual(await allOf(result.listFolder(`${at}/empty`)), []);
    assert.deepEqual(await allOf(result.listFolder(`${at}/link`)), ["a"]);
  });

  test("of 20000 files is listed whole", async () => {
    const { result, folder } = await real.finishedTask();
    const at = folder("seq -f 'a-rather-long-name-for-a-file-%g' 1 20000 | xargs touch");
    assert.equal(new Set(await allOf(result.listFolder(at))).size, 20_000);
  });

  test("whose reader stops early does no harm", async () => {
    const { engine } = real.current();
    const { result, folder } = await real.finishedTask();
    const at = folder("seq -f 'a-rather-long-name-%g' 1 20000 | xargs touch");
    for await (const name of result.listFolder(at)) {
      assert.ok(name);
      break;
    }
    assert.equal((await allOf(result.listFolder(at))).length, 20_000);
    assert.equal(engine.lost.aborted, false);
  });

  const rows: readonly [what: string, lines: string, path: string, reason: ResourceReason, message: RegExp][] = [
    ["a missing one", ":", "no", "file-missing-on-worker", /^Could not read directory '\/.*\/no'$/],
    [
      "a file",
      "echo >f",
      "f",
      "invalid-resource-on-worker",
      /^Directory artifact '\/.*\/f' exists as a file, not a directory, on the worker$/,
    ],
    ["a closed one", ":", "/root", "file-not-readable-on-worker", /may not open it$/],
    ["one without permissions", "mkdir d; chmod 0 d", "d", "file-not-readable-on-worker", /may not open it$/],
    [
      "one with a part that is closed",
      "mkdir -p d/e; chmod 0 d/e",
      "d",
      "invalid-resource-on-worker",
      /^Error processing directory '\/.*\/d' as artifact: a part of it cannot be read by the task user$/,
    ],
  ];
  for (const [what, lines, path, reason, message] of rows) {
    test(`that is ${what} is ${reason}`, async () => {
      const { result, folder } = await real.finishedTask();
      const at = folder(lines);
      await assert.rejects(allOf(result.listFolder(path.startsWith("/") ? path : `${at}/${path}`)), (error) => {
        assert.ok(error instanceof ResourceError);
        assert.equal(error.reason, reason);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
