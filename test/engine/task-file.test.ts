import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { describe, type TestContext, test } from "node:test";
import { ResourceError, type ResourceReason } from "../../agent/engine/engine.ts";
import { needsRoot } from "../root.ts";
import { resultOf, useRealEngine } from "./real-engine.ts";

const real = useRealEngine();
const options = { skip: needsRoot, timeout: 120_000 };

/** A directory of root's that tasks can read: stands for what another account may change while a task's file is read. */
function sharedDirectory(t: TestContext): string {
  const directory = mkdtempSync("/run/engine-test-");
  spawnSync("chmod", ["755", directory]);
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function untilNoProcess(uid: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  const count = (): number =>
    spawnSync("ps", ["-o", "pid=", "-u", `${uid}`], { encoding: "utf8" }).stdout.split("\n").length - 1;
  while (count() > 0) {
    assert.ok(performance.now() < deadline, "its processes did not end");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a file of a task", options, () => {
  test("is opened by a path relative to the home, and by its absolute path", async () => {
    const { result, home, folder } = await real.finishedTask();
    const at = folder("printf 'x\\n\\0y' >'b c'");
    for (const path of [`${at}/b c`, `./${at}//b c`, `${home}/${at}/b c`, `${at}/../${at}/b c`]) {
      const { size, body } = await result.openFile(path);
      assert.deepEqual([size, (await buffer(body)).toString()], [4, "x\n\0y"]);
    }
  });

  test("that is empty has no bytes", async () => {
    const { result, folder } = await real.finishedTask();
    const { size, body } = await result.openFile(`${folder(": >empty")}/empty`);
    assert.deepEqual([size, (await buffer(body)).length], [0, 0]);
  });

  test("whose name looks like an option or a pattern is that file", async () => {
    const name = "-n * $(id) 'é\" \\";
    const { result, folder } = await real.finishedTask();
    folder(`printf yes >../${`'${name.replaceAll("'", "'\\''")}'`}`);
    assert.equal(await text((await result.openFile(name)).body), "yes");
  });

  test("may be a link to what the task user may read", async (t) => {
    const path = join(sharedDirectory(t), "file");
    writeFileSync(path, "of somebody else");
    const { result, folder } = await real.finishedTask();
    const at = folder(`ln -s ${path} link`);
    assert.equal(await text((await result.openFile(`${at}/link`)).body), "of somebody else");
  });

  test("of many is read beside the others", async () => {
    const { result, folder } = await real.finishedTask();
    const at = folder("for i in {1..20}; do echo $i >$i; done");
    const names = Array.from({ length: 20 }, (_, index) => `${index + 1}`);
    const bodies = await Promise.all(names.map(async (name) => text((await result.openFile(`${at}/${name}`)).body)));
    assert.deepEqual(
      bodies,
      names.map((name) => `${name}\n`),
    );
  });

  test("of 512 MiB, sparse, streams in constant memory", async () => {
    const { result, folder } = await real.finishedTask();
    const { size, body } = await result.openFile(`${folder("truncate -s 512M big")}/big`);
    const before = process.memoryUsage().rss;
    let bytes = 0;
    let peak = 0;
    const count = new Writable({
      write(chunk: Buffer, _, done) {
        bytes += chunk.length;
        peak = Math.max(peak, process.memoryUsage.rss());
        done();
      },
    });
    await pipeline(body, count);
    assert.deepEqual([size, bytes], [2 ** 29, 2 ** 29]);
    assert.ok(peak - before < 200 * 2 ** 20, `${(peak - before) / 2 ** 20} MiB more`);
  });
});

describe("what cannot be opened", options, () => {
  const rows: readonly [what: string, lines: string, path: string, reason: ResourceReason, message: RegExp][] = [
    ["a missing file", ":", "no", "file-missing-on-worker", /^Could not read file '\/.*\/no'$/],
    ["a file in a missing directory", ":", "no/no", "file-missing-on-worker", /^Could not read file/],
    ["a file below a file", "echo >f", "f/x", "file-missing-on-worker", /^Could not read file/],
    ["a link to nothing", "ln -s nowhere l", "l", "file-missing-on-worker", /^Could not read file/],
    ["a link to itself", "ln -s l l", "l", "file-missing-on-worker", /^Could not read file/],
    ["an absurd path", ":", "x".repeat(5000), "file-missing-on-worker", /^Could not read file/],
    ["a link to a file of root's", "ln -s /etc/shadow l", "l", "file-not-readable-on-worker", /may not open it$/],
    ["a file of root's", ":", "/etc/shadow", "file-not-readable-on-worker", /^Could not read file '\/etc\/shadow'/],
    ["a link into a closed directory", "ln -s /root/x l", "l", "file-not-readable-on-worker", /may not open it$/],
    ["a file without read permission", "echo >f; chmod 0 f", "f", "file-not-readable-on-worker", /may not open it$/],
    [
      "a directory",
      "mkdir d",
      "d",
      "invalid-resource-on-worker",
      /^File artifact '\/.*\/d' exists as a directory, not a file, on the worker$/,
    ],
    ["the home", ":", "", "invalid-resource-on-worker", /exists as a directory/],
    ["a FIFO", "mkfifo f", "f", "invalid-resource-on-worker", /no regular file$/],
    ["a link to a FIFO", "mkfifo f; ln -s f l", "l", "invalid-resource-on-worker", /no regular file$/],
    [
      "a socket",
      "perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local=>\"s\",Listen=>1)'",
      "s",
      "invalid-resource-on-worker",
      /no regular file$/,
    ],
    ["a device", "ln -s /dev/zero l", "l", "invalid-resource-on-worker", /no regular file$/],
  ];
  for (const [what, lines, path, reason, message] of rows) {
    test(`${what} is ${reason}`, async () => {
      const { result, folder } = await real.finishedTask();
      const at = folder(lines);
      await assert.rejects(result.openFile(path === "" || path.startsWith("/") ? path : `${at}/${path}`), (error) => {
        assert.ok(error instanceof ResourceError);
        assert.equal(error.reason, reason);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

describe("a file that changes while it is read", options, () => {
  const size = 20_000_000;
  const rows: readonly [what: string, change: (path: string) => void][] = [
    ["grows", (path) => appendFileSync(path, "more")],
    ["shrinks", (path) => truncateSync(path, size - 1)],
    ["is emptied", (path) => truncateSync(path, 0)],
    ["is written over in place", (path) => writeFileSync(path, "x", { flag: "r+" })],
    ["vanishes", (path) => rmSync(path)],
  ];
  for (const [what, change] of rows) {
    test(`because it ${what} is an error, not a body`, async (t) => {
      const path = join(sharedDirectory(t), "file");
      writeFileSync(path, Buffer.alloc(size, "a"));
      const { result, folder } = await real.finishedTask();
      const { body } = await result.openFile(`${folder(`ln -s ${path} link`)}/link`);
      change(path);
      let bytes = 0;
      await assert.rejects(
        async () => {
          for await (const chunk of body) bytes += chunk.length;
        },
        (error) => {
          assert.ok(error instanceof ResourceError);
          assert.equal(error.reason, "invalid-resource-on-worker");
          assert.match(error.message, /^Could not read file '\/.*link': it changed while it was read$/);
          return true;
        },
      );
      assert.ok(bytes <= size);
    });
  }

  test("grows for ever is given up", async (t) => {
    const path = join(sharedDirectory(t), "file");
    // Larger than all buffers together: its reader waits for ours.
    writeFileSync(path, Buffer.alloc(16 * 1024 * 1024));
    const { result, folder } = await real.finishedTask();
    const { body } = await result.openFile(`${folder(`ln -s ${path} link`)}/link`);
    truncateSync(path, 2 ** 40);
    await assert.rejects(buffer(body), /it changed while it was read/);
  });
});

describe("the reader of a file", options, () => {
  test("reads the next one too, also after one that is refused, and another follows one that changed", async (t) => {
    const path = join(sharedDirectory(t), "file");
    writeFileSync(path, Buffer.alloc(20_000_000));
    const result = await resultOf(t, real.current().engine, `echo 1 >f1; echo 2 >f2; ln -s ${path} link`);
    const readers = (): string =>
      spawnSync("pgrep", ["-u", `${result.uid}`, "-f", " read "], { encoding: "utf8" }).stdout.trim();
    assert.equal(await text((await result.openFile("f1")).body), "1\n");
    const first = readers();
    assert.match(first, /^\d/);
    await assert.rejects(result.openFile("missing"), ResourceError);
    assert.equal(await text((await result.openFile("f2")).body), "2\n");
    assert.equal(readers(), first);
    const { body } = await result.openFile("link");
    truncateSync(path, 1);
    await assert.rejects(buffer(body), /it changed while it was read/);
    assert.equal(await text((await result.openFile("f1")).body), "1\n");
  });

  test("ends when no file is asked of it for a while, and another reads the next one", async (t) => {
    const result = await resultOf(t, real.current().engine, "echo 1 >f1; echo 2 >f2");
    const files = await Promise.all(["f1", "f2"].map((path) => result.openFile(path)));
    assert.deepEqual(await Promise.all(files.map(({ body }) => text(body))), ["1\n", "2\n"]);
    await untilNoProcess(result.uid);
    assert.equal(await text((await result.openFile("f2")).body), "2\n");
  });

  test("ends when the body is destroyed, begun or not", async (t) => {
    const result = await resultOf(t, real.current().engine, "truncate -s 1G big");
    const first = (await result.openFile("big")).body;
    const second = (await result.openFile("big")).body;
    first.destroy();
    await new Promise((resolve) => second.once("readable", resolve));
    second.destroy();
    await untilNoProcess(result.uid);
  });

  test("ends with the task user, and the body with an error", async (t) => {
    const result = await resultOf(t, real.current().engine, "truncate -s 1G big");
    const { body } = await result.openFile("big");
    await result.dispose();
    await assert.rejects(buffer(body), ResourceError);
  });
});
