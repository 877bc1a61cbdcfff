import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { sourceAt } from "../../../launchd/install/source.ts";
import { manifestName } from "../../../launchd/release/manifest.ts";
import { needsRoot } from "../../root.ts";
import { FakeMac } from "./mac.ts";

const checkout = join(import.meta.dirname, "../../..");
const lines = readFileSync(join(checkout, "launchd/node.sha256"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

test("the list of Node's checksums has the archives for both kinds of Mac, of the Node that this version runs", () => {
  for (const line of lines) assert.match(line, /^[0-9a-f]{64} {2}node-v\d+\.\d+\.\d+-[a-z]+-[a-z0-9]+\.tar\.gz$/);
  const names = new Set(lines.map((line) => line.split("  ")[1]));
  const { nodeVersion } = sourceAt(checkout);
  for (const platform of ["darwin-arm64", "darwin-x64"])
    assert.ok(names.has(`node-v${nodeVersion}-${platform}.tar.gz`));
});

suite("install and its Node", { skip: needsRoot }, () => {
  test("warns of the one that npm has, and says how to name the official one", async (t) => {
    const mac = FakeMac.make();
    t.after(() => mac.remove());
    const plan = "install --agent-user ci --plan";
    const warning = /^warning: Node is the build that a third party publishes on npm, .*--node FILE$/;
    const others = (lines: readonly string[]) => lines.filter((line) => !line.startsWith("without the agent's job, "));
    assert.deepEqual(others((await mac.command(plan)).lines), []);
    const manifest = join(mac.release("1.0.0"), manifestName);
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"given"', '"npm"'));
    const { status, lines } = await mac.command(plan);
    assert.equal(status, 0);
    const said = others(lines);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", warning);
  });
});
