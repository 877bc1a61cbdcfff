import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { digestOf, digestOfManifest, materialise, sourceAt } from "../../../launchd/install/source.ts";
import { hashFile } from "../../../launchd/release/hash-file.ts";
import type { Platform } from "../../../launchd/release/platform.ts";
import { readManifest, verifyRelease } from "../../../launchd/release/verify.ts";
import { writeRelease } from "../../../launchd/release/write.ts";
import { makeFakeNode, makeSmallCheckout } from "../release/small-checkout.ts";

const platform: Platform = "darwin-arm64";

/** A release, and another build of the Node that is in it. */
function given(t: TestContext): { release: string; node: string; to: string } {
  const folder = mkdtempSync(join(tmpdir(), "source-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [checkout, release, node] = ["checkout", "release", "node"].map((name) => join(folder, name));
  assert.ok(checkout && release && node);
  mkdirSync(checkout);
  makeSmallCheckout(checkout);
  const npm = makeFakeNode(folder, platform);
  writeRelease({ checkout, platform, node: npm }, release);
  copyFileSync(npm, node);
  writeFileSync(node, "built by somebody else", { flag: "a" });
  return { release, node, to: join(folder, "to") };
}

suite("what is installed from a release with another Node", () => {
  test("has that Node, and its hash in the list of components as in the manifest", (t) => {
    const { release, node, to } = given(t);
    materialise(sourceAt(release), platform, node, to);
    assert.deepEqual(verifyRelease(to), []);
    assert.deepEqual(readFileSync(join(to, "bin/node")), readFileSync(node));
    const [before, after] = [release, to].map((each) => readFileSync(join(each, "sbom.cdx.json"), "utf8"));
    const hashes = [join(release, "bin/node"), node].map(hashFile);
    assert.equal(after, before?.replace(hashes[0] ?? "", hashes[1] ?? ""));
    assert.notEqual(after, before);
  });

  test("has the digest that was said before, which is another than the release's", (t) => {
    const { release, node, to } = given(t);
    const source = sourceAt(release);
    materialise(source, platform, node, to);
    assert.equal(digestOfManifest(readManifest(to)), digestOf(source, platform, node));
    assert.notEqual(digestOf(source, platform, node), digestOf(source, platform, null));
  });

  test("is the release itself, to the byte, where no other is given", (t) => {
    const { release, to } = given(t);
    materialise(sourceAt(release), platform, null, to);
    assert.deepEqual(readFileSync(join(to, "manifest.json")), readFileSync(join(release, "manifest.json")));
    assert.deepEqual(verifyRelease(to), []);
  });
});
