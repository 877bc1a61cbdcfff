import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Archive, ArchiveKind, SandboxBuilder } from "../../agent/engine/engine.ts";
import { needsRoot } from "../root.ts";
import { type Link, tarOf, zipOf } from "./archives.ts";
import { newBuilder, runLines, useRealEngine } from "./real-engine.ts";

const real = useRealEngine();
const options = { skip: needsRoot, timeout: 120_000 };
const lacksUnzip = existsSync("/usr/bin/unzip") ? false : "needs unzip";
const never = new AbortController().signal;

const files = { "folder/test.sh": "#!/bin/sh\necho Test\n", "folder/deeper/é x": "data", top: "" };
const packed: Readonly<Record<ArchiveKind, Buffer>> = {
  tar: tarOf(files),
  "tar.gz": gzipSync(tarOf(files)),
  zip: zipOf(files),
  gz: gzipSync("#!/bin/sh\necho Test\n"),
};

function unpack(builder: SandboxBuilder, kind: ArchiveKind, bytes: Buffer, more: Partial<Archive> = {}): Promise<void> {
  const archive = { kind, name: "test.sh", mostBytes: 1024 ** 2, mostMs: 60_000, ...more };
  return builder.unpack(archive, Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]), never);
}

async function filesIn(builder: SandboxBuilder): Promise<string[]> {
  const entries = await readdir(builder.user.home, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(builder.user.home.length + 1))
    .sort();
}

type Refused = (kind: ArchiveKind, bytes: Buffer, message: RegExp) => Promise<void>;

/** One task user for all that is refused; the name of the file of `gz` is new each time. */
async function refusing(t: TestContext): Promise<{ builder: SandboxBuilder; refused: Refused }> {
  const builder = await newBuilder(t, real.current().engine);
  let n = 0;
  const refused: Refused = async (kind, bytes, message) => {
    n += 1;
    const unpacking = unpack(builder, kind, bytes, { name: `file-${n}` });
    await assert.rejects(unpacking, { code: "archive-refused", message });
  };
  return { builder, refused };
}

describe("an archive", options, () => {
  for (const kind of ["tar", "tar.gz", "zip"] as const) {
    test(`${kind} is unpacked with its tree and its modes, as the task user`, {
      skip: kind === "zip" && lacksUnzip,
    }, async (t) => {
      const builder = await newBuilder(t, real.current().engine);
      await unpack(builder, kind, packed[kind]);
      assert.deepEqual(await filesIn(builder), Object.keys(files).sort());
      const { text } = await runLines(builder.startSandbox(), "folder/test.sh; stat -c '%u %a' folder/test.sh .");
      const { uid } = builder.user;
      assert.equal(text, `Test\n${uid} 755\n${uid} 700\n`);
    });
  }

  test("gz is one file, executable", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    await unpack(builder, "gz", packed.gz);
    assert.equal((await runLines(builder.startSandbox(), "./test.sh")).text, "Test\n");
  });

  test("that is none is refused with what its program says", async (t) => {
    const { refused } = await refusing(t);
    const garbage = Buffer.from("this is no archive\n".repeat(100));
    await refused("tar", garbage, /^file-1 cannot be unpacked: it is no sound tar archive: .*tar archive/);
    await refused("tar.gz", garbage, /no sound tar\.gz archive: .*gzip/);
    await refused("gz", garbage, /no sound gz archive: .*gzip/);
  });

  test("that was cut off is refused", async (t) => {
    const { refused } = await refusing(t);
    const noise = { a: Buffer.from(Array.from({ length: 50_000 }, (_, n) => (n * n * 31) % 251)) };
    for (const [kind, bytes] of [
      ["tar.gz", gzipSync(tarOf(noise))],
      ["tar", tarOf(noise)],
    ] as const) {
      await refused(kind, bytes.subarray(0, bytes.length / 2), new RegExp(`no sound ${kind} archive`));
    }
  });

  test("that is broken is refused as such, whatever its names would have one believe", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    const bytes = tarOf({ a: "a file", "a/no space left on device, disk full": "in it" });
    await assert.rejects(unpack(builder, "tar", bytes), { code: "archive-refused" });
  });

  test("of zip that is broken is refused, and its copy is gone", { skip: lacksUnzip }, async (t) => {
    const { builder, refused } = await refusing(t);
    await refused("zip", packed.zip.subarray(0, -40), /no sound zip archive/);
    assert.deepEqual(await filesIn(builder), []);
  });

  test("that holds more than it may is refused, whatever it says about itself", async (t) => {
    const { refused } = await refusing(t);
    const bomb = { zeros: Buffer.alloc(8 * 1024 ** 2) };
    const more = /holds more than 1048576 bytes/;
    await refused("tar.gz", gzipSync(tarOf(bomb)), more);
    await refused("gz", gzipSync(bomb.zeros), more);
    await refused("tar", tarOf(bomb), more);
    if (lacksUnzip) return;
    await refused("zip", zipOf(bomb), more);
    await refused(
      "zip",
      zipOf(bomb, () => 10),
      more,
    );
  });

  test("of gz holds as much as it may to the last byte", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    const most = randomBytes(1024);
    await unpack(builder, "gz", gzipSync(most), { mostBytes: 1024 });
    const { text } = await runLines(builder.startSandbox(), "sha256sum test.sh");
    assert.equal(text.split(" ")[0], createHash("sha256").update(most).digest("hex"));
  });

  test("of gz that holds one byte more than it may is refused, not cut", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    // So few bytes that gzip is done before anybody reads them.
    const unpacking = unpack(builder, "gz", gzipSync(Buffer.alloc(1025, 7)), { mostBytes: 1024 });
    await assert.rejects(unpacking, { code: "archive-refused", message: /holds more than 1024 bytes/ });
  });

  test("whose files together hold more than it may is refused, though none of them does", async (t) => {
    const { refused } = await refusing(t);
    const many = (name: string): Record<string, Buffer> =>
      Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`${name}-${n}`, Buffer.alloc(500_000, n + 1)]));
    const more = /holds more than 1048576 bytes/;
    await refused("tar", tarOf(many("tar")), more);
    if (lacksUnzip) return;
    await refused(
      "zip",
      zipOf(many("zip"), () => 10),
      more,
    );
  });

  test("that takes the home's own rights away is still held to its size, and gives them back", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    const closed = { "./": { kind: "directory", mode: "000" } } as const;
    const parts = Array.from({ length: 8 }, (_, n) => [`part-${n}`, Buffer.alloc(500_000, n + 1)]);
    await unpack(builder, "tar", tarOf({ ...closed, small: "in it" }));
    await assert.rejects(unpack(builder, "tar", tarOf({ ...closed, ...Object.fromEntries(parts) })), {
      code: "archive-refused",
      message: /holds more/,
    });
    assert.equal((await runLines(builder.startSandbox(), "cat small; stat -c ' %a' .")).text, "in it 700\n");
  });

  test("that is written without an end is stopped at what it may hold", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    let n = 0;
    const endless = new Readable({
      read() {
        this.push(tarOf({ [`part-${++n}`]: Buffer.alloc(100_000, 1) }).subarray(0, -1024));
      },
    });
    const archive = { kind: "tar", name: "endless.tar", mostBytes: 1024 ** 2, mostMs: 60_000 } as const;
    await assert.rejects(builder.unpack(archive, endless, never), { code: "archive-refused", message: /holds more/ });
    assert.ok(endless.destroyed);
  });

  test("that comes to no end in its time is refused, though it never stands still", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    const bytes = gzipSync(randomBytes(100_000));
    let sent = 0;
    const trickling = new Readable({
      read() {
        setTimeout(() => this.push(bytes.subarray(sent, ++sent)), 10);
      },
    });
    const archive = { kind: "gz", name: "slow", mostBytes: 1024 ** 2, mostMs: 3_000 } as const;
    const message = /^slow cannot be unpacked: that takes longer than 0\.05 minutes\.$/;
    await assert.rejects(builder.unpack(archive, trickling, never), { code: "archive-refused", message });
  });

  test("whose names and links lead out of the home writes nothing there", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    const place = await mkdtemp("/var/tmp/unpack-");
    t.after(() => rm(place, { recursive: true }));
    await writeFile(join(place, "theirs"), "kept");
    const names = { inside: "x", "../outside": "x", "../../outside": "x", [`${place}/outside`]: "x" };
    const links: Record<string, string | Link> = {
      out: { kind: "symbolic", to: place },
      "out/outside": "x",
      up: { kind: "symbolic", to: ".." },
      "up/outside": "x",
      hard: { kind: "hard", to: `${place}/theirs` },
    };
    const archives: [ArchiveKind, Buffer][] = [
      ["tar", tarOf(names)],
      ["tar", tarOf(links)],
      ["tar.gz", gzipSync(tarOf(links))],
      ...(lacksUnzip ? [] : [["zip", zipOf(names)] satisfies [ArchiveKind, Buffer]]),
    ];
    for (const [kind, bytes] of archives) {
      // Some are refused for it, some have the names without what leads out.
      await unpack(builder, kind, bytes).catch((error: unknown) => assert.match(String(error), /cannot be unpacked/));
    }
    assert.deepEqual(await readdir(join(builder.user.home, "..")), ["home"]);
    assert.deepEqual(await readdir(place), ["theirs"]);
    assert.equal(await readFile(join(place, "theirs"), "utf8"), "kept");
    assert.ok((await filesIn(builder)).includes("inside"));
  });

  test("does not write over a file through `gz`", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    await unpack(builder, "gz", packed.gz);
    await assert.rejects(unpack(builder, "gz", gzipSync("other")), { code: "archive-refused" });
  });

  test("is given up when the run ends meanwhile", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    const stop = new AbortController();
    const body = new Readable({ read() {} });
    body.push(packed.tar);
    const unpacking = builder.unpack(
      { kind: "tar", name: "a.tar", mostBytes: 1024 ** 2, mostMs: 60_000 },
      body,
      stop.signal,
    );
    stop.abort();
    await assert.rejects(unpacking, { name: "AbortError" });
    assert.ok(body.destroyed);
  });
});
