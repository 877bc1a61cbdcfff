import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { hashFile } from "../../launchd/release/hash-file.ts";
import { manifestName, renderManifest } from "../../launchd/release/manifest.ts";
import { readManifest } from "../../launchd/release/verify.ts";
import { FakeMac } from "../launchd/install/mac.ts";
import { programFor } from "../launchd/package/programs.ts";
import { type Machine, mac as realMac } from "../mac/machine.ts";
import { probes } from "../mac/probes.ts";
import { judge, type Verdict } from "../mac/suite.ts";
import { needsRoot } from "../root.ts";

const list = join(import.meta.dirname, "../mac/probes.ts");
const skip = needsRoot || (programFor("bsdtar", "libarchive-tools").missing ?? false);

/** A Mac in a folder, whose programs and whose release's launcher are those of installable.ts. */
function macFor(t: TestContext): FakeMac {
  const mac = FakeMac.make();
  t.after(() => mac.remove());
  const node = `exec ${process.execPath} --disable-warning=ExperimentalWarning ${join(import.meta.dirname, "installable.ts")}`;
  for (const name of ["launcher", "pkgutil", "installer", "lsbom"]) {
    writeFileSync(join(mac.folder, name), `#!/bin/sh\n${node} ${mac.folder} ${name} "$@"\n`, { mode: 0o755 });
  }
  const release = mac.release("1.0.0");
  const program = join(release, "taskcluster-worker");
  writeFileSync(program, `#!/bin/sh\nexec ${mac.folder}/launcher "$@"\n`);
  chmodSync(program, 0o755);
  const { files, ...manifest } = readManifest(release);
  const rows = files.map((file) =>
    file.path === "taskcluster-worker"
      ? { ...file, size: readFileSync(program).length, sha256: hashFile(program) }
      : file,
  );
  writeFileSync(join(release, manifestName), renderManifest({ ...manifest, files: rows }));
  return mac;
}

async function verdictOn(mac: FakeMac, number: number, disposable = true): Promise<Verdict> {
  const tools = Object.fromEntries(
    ["launcher", "pkgutil", "installer", "lsbom"].map((name) => [name, join(mac.folder, name)]),
  );
  const machine: Machine = {
    ...{ ...realMac, ...tools, root: mac.root, scratch: mac.folder },
    ...{ dscl: join(mac.folder, "tools/dscl"), launchctl: join(mac.folder, "tools/launchctl") },
  };
  const asked = probes.filter((probe) => probe.number === number);
  for await (const verdict of judge(asked, { list, file: join(mac.folder, "ledger"), machine, disposable }))
    return verdict;
  return assert.fail(`there is no probe ${number}`);
}

function breakIt(mac: FakeMac, what: string): void {
  mkdirSync(join(mac.folder, "broken"), { recursive: true });
  writeFileSync(join(mac.folder, "broken", what), "");
}

suite("The questions about an installation, on a Mac in a folder", { skip, concurrency: 2 }, () => {
  test("install nothing on a Mac that may not be thrown away", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    const { verdict, seen } = await verdictOn(mac, 67, false);
    assert.equal(verdict, "not asked");
    assert.match(seen, /--disposable$/);
    assert.deepEqual(mac.state(), before);
  });

  test("plan one and change nothing", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    const { verdict, seen, more } = await verdictOn(mac, 66, false);
    assert.equal(verdict, "holds", seen);
    assert.match(more[0] ?? "", /^[1-9]\d steps$/);
    assert.deepEqual(mac.state(), before);
  });

  test("go through its whole life, tell what doctor says, and leave the Mac as it was", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    const { verdict, seen, more, left } = await verdictOn(mac, 67);
    assert.equal(verdict, "holds", `${seen}; ${more.join("; ")}`);
    assert.deepEqual([more, left], [["doctor: warn sleep: it sleeps"], []]);
    assert.deepEqual(mac.state(), before);
  });

  test("see what a removal leaves, name each thing of it, and say how to remove it", async (t) => {
    const mac = macFor(t);
    breakIt(mac, "uninstall");
    const { verdict, seen, more, left } = await verdictOn(mac, 67);
    assert.equal(verdict, "differs");
    assert.match(seen, /uninstall 70, not as before$/);
    assert.ok(more.some((line) => line.startsWith(`left: ${mac.layout.helperPlist} 0:`)));
    assert.match(left[0] ?? "", /uninstall --purge$/);
  });

  test("are not asked where an installation is", async (t) => {
    const mac = macFor(t);
    assert.equal((await mac.command("install --headless")).status, 0);
    const before = mac.state();
    const { verdict, seen } = await verdictOn(mac, 70);
    assert.equal(verdict, "not asked");
    assert.match(seen, /this Mac has an installation$/);
    assert.deepEqual(mac.state(), before);
  });

  test("compare the two lists of files in a package", async (t) => {
    const mac = macFor(t);
    const { verdict, seen } = await verdictOn(mac, 69, false);
    assert.equal(verdict, "holds", seen);
    breakIt(mac, "bom");
    const other = await verdictOn(mac, 69, false);
    assert.equal(other.verdict, "differs");
    assert.match(other.seen, /in Payload and Bom other files$/);
  });

  test("install a package and have it forgotten", async (t) => {
    const mac = macFor(t);
    mkdirSync(dirname(mac.layout.base)); // Which macOS's installer would leave.
    const before = mac.state();
    const { verdict, seen, more } = await verdictOn(mac, 70);
    assert.equal(verdict, "holds", `${seen}; ${more.join("; ")}`);
    assert.deepEqual(mac.state(), before);
    breakIt(mac, "forget");
    assert.match((await verdictOn(mac, 70)).seen, /still noted$/);
  });
});
