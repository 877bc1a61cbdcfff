import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";
import { digestOf, digestOfManifest, sourceAt } from "../../../launchd/install/source.ts";
import { blankedName } from "../../../launchd/release/blanked.ts";
import { sourcesOf } from "../../../launchd/release/contents.ts";
import { filesBelow } from "../../../launchd/release/packages.ts";
import { isPlatform, platformOf, platforms } from "../../../launchd/release/platform.ts";
import { readManifest, verifyRelease } from "../../../launchd/release/verify.ts";
import { type ReleasePlan, writeRelease } from "../../../launchd/release/write.ts";
import { fakeNode, makeFakeNode, makeSmallCheckout } from "./small-checkout.ts";

let directory = "";
let plan: ReleasePlan;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "release-"));
  const checkout = join(directory, "checkout");
  mkdirSync(checkout);
  makeSmallCheckout(checkout);
  plan = { checkout, platform: "darwin-arm64", node: makeFakeNode(directory, "darwin-arm64") };
});
after(() => rmSync(directory, { recursive: true }));

suite("a release", () => {
  const pathsOf = (release: string): string[] => readManifest(release).files.map(({ path }) => path);

  test("for a Mac has the four parts, the packages that run, Node, the launcher and its papers and manual pages, and nothing else", () => {
    const release = join(directory, "mac");
    writeRelease(plan, release);
    assert.deepEqual(pathsOf(release), [
      "LICENSE",
      "agent/main.js",
      "agent/page/page.html",
      "agent/run.js",
      "bin/node",
      "helper/become-user.sh",
      "helper/main.js",
      "launchd/main.js",
      "launchd/node.sha256",
      "node_modules/used/node_modules/inner/index.js",
      "node_modules/used/package.json",
      "package-lock.json",
      "package.json",
      "sbom.cdx.json",
      "share/man/man1/worker.1",
      "share/man/man5/worker.json.5",
      "shared/protocol/validators.js",
      "taskcluster-worker",
    ]);
    assert.deepEqual(verifyRelease(release), []);
  });

  test("leaves out nothing that lies beside the sources of this checkout, but declarations of types", () => {
    const checkout = join(import.meta.dirname, "../../..");
    const folders = ["agent", "helper", "launchd", "shared"];
    const all = folders
      .flatMap((folder) => filesBelow(checkout, folder))
      .filter((file) => !basename(file).startsWith("."));
    const released = new Set(folders.flatMap((folder) => sourcesOf(checkout, folder)).map(({ path }) => path));
    assert.deepEqual(
      all.filter((file) => !file.endsWith(".d.ts") && !released.has(blankedName(file))),
      [],
    );
  });

  test("for Linux has the stand-in for dscl too", () => {
    const release = join(directory, "linux");
    writeRelease({ ...plan, platform: "linux-x64", node: makeFakeNode(directory, "linux-x64") }, release);
    assert.ok(pathsOf(release).includes("test/dscl/dscl"));
  });

  test("lets everybody start Node and the launcher, whatever the umask is", () => {
    const release = join(directory, "modes");
    const umask = process.umask(0o077);
    writeRelease(plan, release);
    process.umask(umask);
    const modeOf = (path: string): number => statSync(join(release, path)).mode & 0o7777;
    assert.deepEqual(["bin/node", "taskcluster-worker"].map(modeOf), [0o755, 0o755]);
    assert.deepEqual(["agent", "agent/main.js", "manifest.json"].map(modeOf), [0o755, 0o644, 0o644]);
  });

  test("says in its manifest what it is, and whose Node it has", () => {
    const release = join(directory, "manifest");
    const manifest = writeRelease(plan, release);
    assert.deepEqual(manifest, readManifest(release));
    assert.equal(manifest.version, "1.2.3");
    assert.equal(manifest.platform, "darwin-arm64");
    assert.deepEqual(manifest.node, { version: "26.10.0", source: "given" });
  });

  test("is the same when it is written again", () => {
    const [first, second] = [join(directory, "first"), join(directory, "second")];
    for (const release of [first, second]) writeRelease(plan, release);
    assert.deepEqual(readFileSync(join(first, "manifest.json")), readFileSync(join(second, "manifest.json")));
  });

  test("has the digest that an installation from its checkout expects", () => {
    const release = join(directory, "digest");
    const manifest = writeRelease(plan, release);
    assert.equal(digestOf(sourceAt(plan.checkout), plan.platform, plan.node), digestOfManifest(manifest));
    assert.equal(digestOf(sourceAt(release), plan.platform, null), digestOfManifest(manifest));
  });

  test("is not written into a directory that holds something", () => {
    assert.throws(() => writeRelease(plan, plan.checkout), /^Refusal: \S+ is not empty: /);
  });

  test("is refused with a Node for another machine, of another version, or with none", () => {
    const written = join(directory, "refused");
    const withNode = (node: string) => () => writeRelease({ ...plan, node }, written);
    assert.throws(withNode(makeFakeNode(directory, "linux-x64")), /is for linux-x64: name a Node for darwin-arm64$/);
    assert.throws(withNode(makeFakeNode(directory, "darwin-arm64", "26.1.0")), /is not Node 26\.10\.0: /);
    assert.throws(withNode(join(plan.checkout, "LICENSE")), /is no program: /);
    assert.throws(
      withNode(join(directory, "absent")),
      /^Refusal: there is no file \S+absent: name a file that exists$/,
    );
    assert.throws(withNode(directory), /^Refusal: there is no file \S+: name a file that exists$/);
    assert.throws(
      () => writeRelease({ ...plan, node: null }, written),
      /name a Node 26\.10\.0 for darwin-arm64 with --node$/,
    );
  });
});

test("a program says by its first bytes what machine it is for", () => {
  for (const platform of platforms) {
    assert.ok(isPlatform(platform));
    assert.equal(platformOf(fakeNode(platform)), platform);
  }
  assert.equal(platformOf(Buffer.from("#!/bin/sh\nexec something\n")), undefined);
  assert.equal(platformOf(Buffer.from("#!")), undefined);
});

suite("the check of a release", () => {
  let release = "";
  beforeEach(() => {
    release = mkdtempSync(join(directory, "check-"));
    writeRelease(plan, release);
  });

  test("names a file that is missing", () => {
    rmSync(join(release, "agent/run.js"));
    assert.deepEqual(verifyRelease(release), ["agent/run.js is missing"]);
  });

  test("names a file that was cut off", () => {
    truncateSync(join(release, "agent/run.js"), 7);
    assert.deepEqual(verifyRelease(release), ["agent/run.js has 7 bytes instead of 50"]);
  });

  test("names a file of which one letter was changed", () => {
    const text = readFileSync(join(release, "helper/main.js"), "utf8");
    writeFileSync(join(release, "helper/main.js"), text.replace("1", "2"));
    assert.deepEqual(verifyRelease(release), ["helper/main.js has been changed"]);
  });

  test("names foreign files and folders, also those beside the manifest", () => {
    writeFileSync(join(release, "helper/more.js"), "");
    mkdirSync(join(release, "plugins"));
    assert.deepEqual(verifyRelease(release), ["helper/more.js does not belong here", "plugins does not belong here"]);
  });

  test("names files and folders that others may write to", () => {
    chmodSync(join(release, "bin/node"), 0o4755);
    chmodSync(join(release, "helper"), 0o777);
    chmodSync(join(release, "manifest.json"), 0o666);
    assert.deepEqual(verifyRelease(release), [
      "bin/node has mode 04755 instead of 0755",
      "helper has mode 0777 instead of 0755",
      "manifest.json has mode 0666 instead of 0644",
    ]);
  });

  test("takes no link for the file that it leads to", () => {
    rmSync(join(release, "helper/main.js"));
    symlinkSync(join(release, "agent/main.js"), join(release, "helper/main.js"));
    assert.deepEqual(verifyRelease(release), ["helper/main.js is no regular file"]);
  });

  test("asks for a release where there is none", () => {
    assert.throws(() => verifyRelease(plan.checkout), /checkout has no manifest\.json that can be read: /);
  });

  test("refuses a manifest that names a file outside, one twice, or one wrongly", () => {
    const file = join(release, "manifest.json");
    const text = readFileSync(file, "utf8");
    const changed = (from: string, to: string): string => {
      assert.ok(text.includes(from), from);
      writeFileSync(file, text.replace(from, to));
      try {
        verifyRelease(release);
      } catch (error) {
        return String(error);
      }
      return "was taken";
    };
    assert.match(changed('"agent/main.js"', '"../main.js"'), /describes file 2 of 18 wrongly/);
    assert.match(changed('"agent/main.js"', '"/main.js"'), /describes file 2 of 18 wrongly/);
    assert.match(changed('"agent/main.js"', '"LICENSE"'), /names LICENSE twice or out of order/);
    assert.match(changed('"0644"', '"04755"'), /describes file 1 of 18 wrongly/);
    assert.match(changed('"format": 1', '"format": 2'), /of a form that this version does not know/);
    assert.match(changed("{", ""), /manifest\.json is no JSON/);
  });
});
