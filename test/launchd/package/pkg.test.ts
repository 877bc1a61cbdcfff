import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { layoutOf } from "../../../launchd/layout.ts";
import { buildPackages } from "../../../launchd/package/build.ts";
import { verifyRelease } from "../../../launchd/release/verify.ts";
import { makeFakeNode, makeSmallCheckout } from "../release/small-checkout.ts";
import { type Bom, readBom } from "./bom-reader.ts";
import { programFor } from "./programs.ts";

const bsdtar = programFor("bsdtar", "libarchive-tools");
const cpio = programFor("cpio", "cpio");
const xmllint = programFor("xmllint", "libxml2-utils");
const skip = bsdtar.missing ?? cpio.missing ?? xmllint.missing ?? false;
const mtime = 1_767_225_600;

function cpioOf(file: string): Buffer {
  return execFileSync("gzip", ["-dc", file]);
}

/** Unpacks a compressed cpio archive to a directory that it makes. */
function unpackCpio(file: string, to: string): void {
  mkdirSync(to);
  execFileSync(cpio.path, ["-i", "-d", "-m", "--quiet", "--no-absolute-filenames"], { cwd: to, input: cpioOf(file) });
}

suite("an installer package", { skip }, () => {
  let directory = "";
  let file = "";
  let component = "";
  let payload = "";
  let bom: Bom;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "pkg-"));
    const checkout = join(directory, "checkout");
    mkdirSync(checkout);
    makeSmallCheckout(checkout);
    const plan = { checkout, platform: "darwin-arm64", node: makeFakeNode(directory, "darwin-arm64") } as const;
    file = buildPackages(plan, join(directory, "out"), mtime).find((path) => path.endsWith(".pkg")) ?? "";
    const unpacked = join(directory, "unpacked");
    mkdirSync(unpacked);
    execFileSync(bsdtar.path, ["-xf", file, "-C", unpacked]);
    component = join(unpacked, "worker.pkg");
    payload = join(directory, "payload");
    unpackCpio(join(component, "Payload"), payload);
    bom = readBom(readFileSync(join(component, "Bom")));
  });
  after(() => rmSync(directory, { recursive: true }));

  test("is a product with one component of four parts", () => {
    const names = execFileSync(bsdtar.path, ["-tf", file], { encoding: "utf8" }).trim().split("\n");
    const parts = ["Bom", "PackageInfo", "Payload", "Scripts"].map((part) => `worker.pkg/${part}`);
    assert.deepEqual(names, ["Distribution", "worker.pkg", ...parts]);
  });

  test("has a whole release as its payload", () => {
    assert.deepEqual(verifyRelease(payload), []);
  });

  test("gives everything to root:wheel", () => {
    const listed = execFileSync(cpio.path, ["-itvn", "--quiet"], {
      input: cpioOf(join(component, "Payload")),
      encoding: "utf8",
    });
    for (const line of listed.trim().split("\n"))
      assert.match(line, /^[d-]r[w-]xr?-xr?-x? +\d+ 0 +0 |^-rw-r--r-- +\d+ 0 +0 /);
  });

  test("lists in its bill of materials what its payload has: paths, modes, sizes and checksums, of root", () => {
    const found = readdirSync(payload, { recursive: true, encoding: "utf8" });
    assert.deepEqual([...bom.paths.keys()].sort(), [".", ...found].sort());
    for (const [path, listed] of bom.paths) {
      const full = join(payload, path);
      const { mode, size, mtimeMs } = lstatSync(full);
      const isFile = listed.type === "file";
      if (path !== ".") assert.equal(listed.mode, mode, path);
      assert.deepEqual([listed.owner, listed.group, listed.mtime], [0, 0, mtime]);
      if (!isFile) continue;
      assert.equal(mtimeMs, mtime * 1000, path);
      const [sum, bytes] = execFileSync("cksum", [full], { encoding: "utf8" }).split(" ").map(Number);
      assert.deepEqual([listed.checksum, listed.size, size], [sum, bytes, bytes], path);
    }
  });

  test("says of itself what it is, in XML that a parser reads", () => {
    const value = (part: string, expression: string): string =>
      execFileSync(xmllint.path, ["--nonet", "--xpath", `string(${expression})`, part], { encoding: "utf8" }).trim();
    const info = join(component, "PackageInfo");
    assert.equal(value(info, "/pkg-info/@identifier"), "org.taskcluster.worker");
    assert.equal(value(info, "/pkg-info/@version"), "1.2.3");
    assert.equal(value(info, "/pkg-info/@install-location"), join(layoutOf().base, "package"));
    assert.equal(value(info, "/pkg-info/@auth"), "root");
    assert.equal(Number(value(info, "/pkg-info/payload/@numberOfFiles")), bom.paths.size);
    assert.equal(Number(value(info, "/pkg-info/payload/@installKBytes")), Math.ceil(bom.totalSize / 1024));
    const product = join(component, "../Distribution");
    assert.equal(value(product, "//options/@hostArchitectures"), "arm64");
    assert.equal(value(product, "//pkg-ref[@version]"), "#worker.pkg");
    assert.equal(value(product, "//pkg-ref/@version"), "1.2.3");
  });

  test("has two scripts, which may be run", () => {
    const scripts = join(directory, "scripts");
    unpackCpio(join(component, "Scripts"), scripts);
    assert.deepEqual(readdirSync(scripts).sort(), ["postinstall", "preinstall"]);
    for (const name of readdirSync(scripts)) assert.equal(lstatSync(join(scripts, name)).mode & 0o777, 0o755);
  });

  test("of which one byte has been changed is refused by who unpacks it", () => {
    const changed = readFileSync(file);
    changed[changed.length - 40] = (changed[changed.length - 40] ?? 0) ^ 1;
    const path = join(directory, "changed.pkg");
    writeFileSync(path, changed);
    assert.notEqual(spawnSync(bsdtar.path, ["-xOf", path]).status, 0);
  });
});
