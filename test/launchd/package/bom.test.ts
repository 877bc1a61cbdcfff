import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { suite, test } from "node:test";
import { renderBom } from "../../../launchd/package/bom.ts";
import { checksum } from "../../../launchd/package/checksum.ts";
import { withDirectories } from "../../../launchd/package/entry.ts";
import { readBom } from "./bom-reader.ts";

const mtime = 1_767_225_600;

/** As cksum(1) says. */
function cksum(content: Buffer): number {
  return Number(execFileSync("cksum", { input: content, encoding: "utf8" }).split(" ")[0]);
}

suite("a checksum", () => {
  test("is that of cksum", () => {
    const contents = ["", "a", "hello, world\n", "\0".repeat(5), "\xff".repeat(70_000)].map((text) =>
      Buffer.from(text, "latin1"),
    );
    assert.deepEqual(contents.map(checksum), contents.map(cksum));
  });
});

suite("a bill of materials", () => {
  test("lists each file and each directory above it, with modes, owners, sizes and checksums", () => {
    const [program, text] = [Buffer.from("program"), Buffer.from("")];
    const entries = withDirectories([
      { path: "bin/node", mode: 0o755, content: program },
      { path: "share/a b/empty", mode: 0o644, content: text },
    ]);
    const common = { owner: 0, group: 0, mtime };
    const directory = { type: "directory", mode: 0o040_755, size: 0, checksum: null, ...common } as const;
    const { paths, pathCount, totalSize, names } = readBom(renderBom(entries, mtime));
    assert.deepEqual(
      paths,
      new Map<string, unknown>([
        [".", directory],
        ["bin", directory],
        ["share", directory],
        ["bin/node", { type: "file", mode: 0o100_755, size: 7, checksum: cksum(program), ...common }],
        ["share/a b", directory],
        ["share/a b/empty", { type: "file", mode: 0o100_644, size: 0, checksum: cksum(text), ...common }],
      ]),
    );
    assert.deepEqual([pathCount, totalSize], [6, 7]);
    assert.deepEqual(names, ["BomInfo", "HLIndex", "Paths", "Size64", "VIndex"]);
  });

  test("of more files than one node of its tree holds can be read through the tree and along its leaves", () => {
    for (const count of [508, 509, 510, 5000]) {
      const files = Array.from({ length: count }, (_, index) => `d${index % 7}/f${index}`);
      const entries = withDirectories(files.map((path) => ({ path, mode: 0o644, content: Buffer.from(path) })));
      const { paths } = readBom(renderBom(entries, mtime));
      assert.deepEqual([...paths.keys()].sort(), entries.map(({ path }) => path).sort());
    }
  });

  test("cannot be made of a file without its directory", () => {
    assert.throws(
      () => renderBom([{ path: "a/b", mode: 0o644, content: Buffer.from("") }], mtime),
      /a\/b has no directory/,
    );
  });
});
