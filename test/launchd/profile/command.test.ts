import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { renderProfile } from "../../../launchd/profile/profile.ts";
import { manifestName, renderManifest } from "../../../launchd/release/manifest.ts";

const checkout = join(import.meta.dirname, "../../..");
const node = "/Library/PrivilegedHelperTools/org.taskcluster.worker/versions/1.0.0-0123456789ab/bin/node";

function profile(main: string, ...words: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const flags = ["--preserve-symlinks", "--preserve-symlinks-main"];
  return spawnSync(process.execPath, [...flags, main, "profile", ...words], { encoding: "utf8" });
}

const ours = (...words: readonly string[]) => profile(join(checkout, "launchd/main.ts"), ...words);

suite("profile", () => {
  test("prints the profile, and nothing else", () => {
    const { status, stdout, stderr } = ours("--team-id", "ABCDE12345", "--node", node);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(stdout, renderProfile({ teamId: "ABCDE12345", node }));
  });

  for (const team of ["abcde12345", "ABCDE1234", 'ABCDE1234"', "ABCDE12345\n"]) {
    test(`refuses ${JSON.stringify(team)} as a team id, with one sentence`, () => {
      const { status, stdout, stderr } = ours("--team-id", team, "--node", node);
      assert.deepEqual([status, stdout], [64, ""]);
      assert.match(stderr, /^taskcluster-worker: "[^\n]+" is no team id: name [^\n]+\n$/);
    });
  }

  test("refuses to be called without a team", () => {
    const { status, stdout, stderr } = ours("--node", node);
    assert.deepEqual([status, stdout], [64, ""]);
    assert.match(stderr, /^taskcluster-worker: --team-id is missing: [^\n]+\n$/);
  });

  for (const path of ["bin/node", "/a/../b/node", "/a//node", "/a/node/", "/a/\u0007node"]) {
    test(`refuses ${JSON.stringify(path)} as the place of Node`, () => {
      const { status, stdout, stderr } = ours("--team-id", "ABCDE12345", "--node", path);
      assert.deepEqual([status, stdout], [64, ""]);
      assert.match(stderr, /^taskcluster-worker: --node is [^\n]+: name the program by its absolute path\n$/);
    });
  }

  test("asks for the place of Node where a checkout cannot know it", () => {
    const { status, stdout, stderr } = ours("--team-id", "ABCDE12345");
    assert.deepEqual([status, stdout], [64, ""]);
    assert.match(stderr, /^taskcluster-worker: [^\n]+ is a checkout, [^\n]+ name it with --node PATH, [^\n]+\n$/);
  });

  test("names the place of its own version when it is part of a release", (t) => {
    const release = mkdtempSync(join(tmpdir(), "profile-"));
    t.after(() => rmSync(release, { recursive: true }));
    for (const folder of ["launchd", "shared", "helper"]) symlinkSync(join(checkout, folder), join(release, folder));
    writeFileSync(join(release, "package.json"), '{ "type": "module" }');
    const made = { version: "26.10.0", source: "given" } as const;
    const manifest = { version: "1.2.3", platform: "darwin-arm64", node: made, files: [] };
    writeFileSync(join(release, manifestName), renderManifest(manifest));
    const { status, stdout } = profile(join(release, "launchd/main.ts"), "--team-id", "ABCDE12345");
    assert.equal(status, 0);
    assert.match(
      stdout,
      /<string>\/Library\/PrivilegedHelperTools\/org\.taskcluster\.worker\/versions\/1\.2\.3-[0-9a-f]{12}\/bin\/node</,
    );
  });
});
