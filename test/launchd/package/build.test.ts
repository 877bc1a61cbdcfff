import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { buildPackages, buildUnpacked } from "../../../launchd/package/build.ts";
import { sourceTime } from "../../../launchd/package/command.ts";
import { withDirectories } from "../../../launchd/package/entry.ts";
import { renderTar } from "../../../launchd/package/tar.ts";
import { verifyRelease } from "../../../launchd/release/verify.ts";
import type { ReleasePlan } from "../../../launchd/release/write.ts";
import { exitStatus } from "../../../shared/exit-status.ts";
import { makeFakeNode, makeSmallCheckout } from "../release/small-checkout.ts";

const mtime = 1_767_225_600;
let directory = "";
let plan: ReleasePlan;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "packages-"));
  const checkout = join(directory, "checkout");
  mkdirSync(checkout);
  makeSmallCheckout(checkout);
  plan = { checkout, platform: "darwin-arm64", node: makeFakeNode(directory, "darwin-arm64") };
});
after(() => rmSync(directory, { recursive: true }));

const made = (): string => mkdtempSync(join(directory, "out-"));

suite("the packages of a release", () => {
  test("for a Mac are an archive and an installer package, with their checksums and nothing beside them", () => {
    const out = made();
    const files = buildPackages(plan, out, mtime).map((path) => basename(path));
    const name = "taskcluster-worker-1.2.3-darwin-arm64";
    assert.deepEqual(files, [`${name}.tar.gz`, `${name}.pkg`, "SHA256SUMS"]);
    assert.deepEqual(readdirSync(out).sort(), [...files].sort());
  });

  test("for Linux are an archive alone", () => {
    const node = makeFakeNode(directory, "linux-arm64");
    const files = buildPackages({ ...plan, platform: "linux-arm64", node }, made(), mtime).map((path) =>
      basename(path),
    );
    assert.deepEqual(files, ["taskcluster-worker-1.2.3-linux-arm64.tar.gz", "SHA256SUMS"]);
  });

  test("are the same to the byte when they are built again, elsewhere and by somebody with another umask", () => {
    const [first, second] = [made(), made()];
    const files = buildPackages(plan, first, mtime);
    const umask = process.umask(0o077);
    const checkout = join(directory, "other");
    mkdirSync(checkout);
    makeSmallCheckout(checkout);
    chmodSync(join(checkout, "LICENSE"), 0o600);
    buildPackages({ ...plan, checkout }, second, mtime);
    process.umask(umask);
    for (const file of files) assert.deepEqual(readFileSync(join(second, basename(file))), readFileSync(file), file);
  });

  test("differ when they are to have another time", () => {
    const [first = ""] = buildPackages(plan, made(), mtime);
    const [second = ""] = buildPackages(plan, made(), mtime + 1);
    assert.notDeepEqual(readFileSync(second), readFileSync(first));
  });

  test("have checksums that sha256sum agrees with, until a file is changed", () => {
    const out = made();
    const [archive = ""] = buildPackages(plan, out, mtime);
    const check = () => spawnSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: out }).status;
    assert.equal(check(), 0);
    appendFileSync(archive, "more");
    assert.equal(check(), 1);
  });

  test("have an archive that tar unpacks to the whole release, in a directory of its name", () => {
    const out = made();
    const [archive = ""] = buildPackages(plan, out, mtime);
    execFileSync("tar", ["-xpzf", archive, "-C", out]);
    assert.deepEqual(verifyRelease(join(out, "taskcluster-worker-1.2.3-darwin-arm64")), []);
  });

  test("leave nothing behind when there is no fitting Node", () => {
    const out = made();
    assert.throws(
      () => buildPackages({ ...plan, platform: "darwin-x64" }, out, mtime),
      /for darwin-arm64: name a Node for darwin-x64$/,
    );
    assert.deepEqual(readdirSync(out), []);
  });

  for (const place of ["LICENSE", "LICENSE/new"]) {
    test(`are refused a place that is no directory, and say which to name: ${place}`, () => {
      const taken = join(plan.checkout, place);
      const build = () => buildPackages(plan, taken, mtime);
      assert.throws(build, { name: "Refusal", status: exitStatus.usage });
      assert.throws(build, /^Refusal: \S+ cannot be the directory of a package \(.*\): name one that you can write to/);
    });
  }
});

suite("an unpacked release", () => {
  test("lies in a directory of its name, and is not written over another", () => {
    const out = made();
    const release = buildUnpacked(plan, out);
    assert.equal(release, join(out, "taskcluster-worker-1.2.3-darwin-arm64"));
    assert.deepEqual(verifyRelease(release), []);
    assert.throws(() => buildUnpacked(plan, out), /^Refusal: there is \S+ already: name another directory$/);
    assert.deepEqual(readdirSync(out), [basename(release)]);
  });
});

suite("a tar archive", () => {
  test("keeps paths of more than a hundred bytes", () => {
    const path = `${"folder/".repeat(20)}${"n".repeat(90)}`;
    const archive = renderTar(withDirectories([{ path, mode: 0o644, content: Buffer.from("text") }]), "top", mtime);
    const listed = execFileSync("tar", ["-tf", "-"], { input: archive, encoding: "utf8" }).trim().split("\n");
    assert.equal(listed.at(-1), `top/${path}`);
  });

  test("refuses a path that it cannot hold", () => {
    const entry = { path: "n".repeat(101), mode: 0o644, content: Buffer.from("") };
    assert.throws(() => renderTar([entry], "top", mtime), /is too long for a tar archive/);
  });
});

test("the time of a package is a constant, or what SOURCE_DATE_EPOCH says", () => {
  assert.equal(sourceTime(undefined), mtime);
  assert.equal(sourceTime("12"), 12);
  for (const text of ["", "-1", "1.5", "today", "4294967296"]) {
    assert.throws(() => sourceTime(text), /^Refusal: SOURCE_DATE_EPOCH is "/);
  }
});
