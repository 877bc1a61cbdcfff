import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { stateRoot } from "../../../helper/places.ts";
import { needsRoot } from "../../root.ts";
import { FakeMac } from "./mac.ts";

type Places = Readonly<Record<string, (mac: FakeMac) => string>>;

/** Directories of an installation and of a package. */
const directories: Places = {
  "the helper's state": ({ layout }) => layout.places.state,
  "root's private state": ({ layout }) => layout.privateState,
  "the locks of sessions": ({ layout }) => join(layout.privateState, "starters"),
  "the logs": ({ layout }) => layout.places.logs,
  "the version": ({ layout }) => realpathSync(layout.current),
  "the package": ({ layout }) => layout.package,
};

/** What chflags schg is on a Mac. */
const lock = (path: string): unknown => execFileSync("chattr", ["+i", path]);
const unlock = (path: string): unknown =>
  execFileSync("find", [path, "(", "-type", "f", "-o", "-type", "d", ")", "-exec", "chattr", "-i", "{}", "+"]);

/** False where the file system, or whoever gave us root, knows no such flag. */
function canLock(): boolean {
  if (needsRoot !== false) return false;
  const folder = mkdtempSync(join(stateRoot, "private", "can-lock-"));
  writeFileSync(join(folder, "file"), "");
  const can = spawnSync("chattr", ["+i", join(folder, "file")]).status === 0;
  if (can) unlock(folder);
  rmSync(folder, { recursive: true });
  return can;
}

const lockable = canLock();

async function installed(t: TestContext): Promise<{ mac: FakeMac; before: unknown }> {
  const mac = FakeMac.make();
  t.after(() => {
    if (lockable) unlock(mac.folder);
    mac.remove();
  });
  const before = mac.state();
  assert.equal((await mac.command("install --agent-user ci --config SETTINGS")).status, 0);
  mac.unpackPackage();
  return { mac, before };
}

suite("uninstall, of a symbolic link that leads to itself", { skip: needsRoot, concurrency: 2 }, () => {
  const { "the package": _package, ...ours } = directories;
  for (const [where, directoryOf] of Object.entries(ours)) {
    test(`removes it with what it lies in: ${where}`, async (t) => {
      const { mac, before } = await installed(t);
      symlinkSync("loop", join(directoryOf(mac), "loop"));
      const { status, lines } = await mac.command("uninstall --purge");
      assert.deepEqual([status, lines], [0, ["uninstalled: nothing of it is left"]]);
      assert.deepEqual(mac.state(), before);
    });
  }

  test("names it in a package that had none, and keeps the package", async (t) => {
    const { mac } = await installed(t);
    symlinkSync("loop", join(mac.layout.package, "loop"));
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 1);
    assert.match(lines.join("\n"), /package is not what a package of ours has put there \(loop .*\): look at it/);
  });
});

suite("uninstall, of a file that is locked", {
  skip: !lockable && "no file can be locked here",
  concurrency: 2,
}, () => {
  const files: Places = {
    ...directories,
    "the helper's settings": ({ layout }) => layout.helperConfig,
    "the helper's job": ({ layout }) => layout.helperPlist,
  };
  for (const [where, placeOf] of Object.entries(files)) {
    test(`says where it is and how to unlock it, and removes it once that is done: ${where}`, async (t) => {
      const { mac, before } = await installed(t);
      const place = placeOf(mac);
      // Removed as a whole, once it is out of the way: no more than that can be named.
      const isPart = where === "the version" || where === "the package";
      const path = where in directories ? join(place, isPart ? "taskcluster-worker" : "locked") : place;
      if (!existsSync(path)) writeFileSync(path, "");
      lock(path);
      const { status, lines } = await mac.command("uninstall --purge");
      const told = (line: string): boolean => line.startsWith("left: ") && line.includes("locked (ls -lO), unlock it");
      const [left = "", ...more] = lines.filter(told);
      assert.deepEqual(more, [], lines.join("\n"));
      assert.ok(left.includes(isPart ? `${place}.old` : path), lines.join("\n"));
      assert.match(left, /sudo chflags -R nouchg,noschg \S.*, and run uninstall again$/);
      assert.equal(status, 1);
      unlock(mac.root);
      const again = await mac.command("uninstall --purge");
      assert.deepEqual([again.status, again.lines], [0, ["uninstalled: nothing of it is left"]]);
      assert.deepEqual(mac.state(), before);
    });
  }
});

suite("what is left of a file that was locked", { skip: !lockable && "no file can be locked here" }, () => {
  test("stops no uninstallation of the same package, put there again, and hides nothing else", async (t) => {
    const { mac, before } = await installed(t);
    lock(join(mac.layout.package, "taskcluster-worker"));
    assert.equal((await mac.command("uninstall --purge")).status, 1);
    mac.unpackPackage();
    assert.equal((await mac.command("install --agent-user ci --config SETTINGS")).status, 0);
    lock(mac.layout.helperPlist);
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 1, lines.join("\n"));
    for (const path of [`${mac.layout.package}.old`, mac.layout.helperPlist])
      assert.ok(
        lines.some((line) => line.startsWith("left: ") && line.includes(`nouchg,noschg ${path}, and run uninstall`)),
        lines.join("\n"),
      );
    unlock(mac.root);
    const again = await mac.command("uninstall --purge");
    assert.deepEqual([again.status, again.lines], [0, ["uninstalled: nothing of it is left"]]);
    assert.deepEqual(mac.state(), before);
  });

  test("is named where it is the package's directory, which cannot even be moved", async (t) => {
    const { mac, before } = await installed(t);
    lock(mac.layout.package);
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 1);
    const [left = "", ...more] = lines.filter((line) => line.startsWith("left: ") && line.includes("nouchg"));
    assert.deepEqual(more, [], lines.join("\n"));
    assert.ok(left.endsWith(`nouchg,noschg ${mac.layout.package}, and run uninstall again`), left);
    unlock(mac.root);
    assert.equal((await mac.command("uninstall --purge")).status, 0);
    assert.deepEqual(mac.state(), before);
  });

  test("is told of by install, which cannot finish the removal of a version, and does once it is unlocked", async (t) => {
    const { mac } = await installed(t);
    const version = realpathSync(mac.layout.current);
    lock(join(version, "taskcluster-worker"));
    assert.equal((await mac.command("uninstall")).status, 1);
    const { status, lines } = await mac.command("install");
    assert.equal(status, 1);
    assert.ok(lines.at(-1)?.endsWith(`nouchg,noschg ${version}.old, and run install again`), lines.join("\n"));
    unlock(mac.root);
    const again = await mac.command("install");
    assert.equal(again.status, 0, again.lines.join("\n"));
    assert.ok(!existsSync(`${version}.old`));
  });

  test("is told of by upgrade, which removes the version before once it is unlocked", async (t) => {
    const { mac } = await installed(t);
    const version = realpathSync(mac.layout.current);
    lock(join(version, "taskcluster-worker"));
    const { status, lines } = await mac.command("upgrade", { version: "1.1.0" });
    assert.equal(status, 1);
    assert.ok(lines.at(-1)?.endsWith(`nouchg,noschg ${version}.old, and run upgrade again`), lines.join("\n"));
    unlock(mac.root);
    const again = await mac.command("upgrade", { version: "1.1.0" });
    assert.equal(again.status, 0, again.lines.join("\n"));
    assert.ok(!existsSync(`${version}.old`));
  });
});

suite("another command, of a file that is locked", { skip: !lockable && "no file can be locked here" }, () => {
  test("says on an upgrade's way back that it is upgrade that is to be run again, which goes on then", async (t) => {
    const { mac } = await installed(t);
    mac.remember("mute", "1.1.0 org.taskcluster.worker.helper\n");
    let locked = "";
    const observer = {
      begin: (what: string, { kind }: { readonly kind: string }): void => {
        if (what !== "do" || kind !== "link") return;
        const [version = ""] = readdirSync(mac.layout.versions).filter((name) => name.startsWith("1.1.0"));
        locked = join(mac.layout.versions, version, "taskcluster-worker");
        lock(locked);
      },
      end: () => {},
    };
    const { status, lines } = await mac.command("upgrade", { version: "1.1.0", observer, helloMs: 300 });
    assert.equal(status, 1, lines.join("\n"));
    assert.match(lines.at(-1) ?? "", /taken back: .*; remove release .* and run upgrade again$/);
    unlock(mac.root);
    mac.remember("mute", "");
    const again = await mac.command("upgrade", { version: "1.1.0" });
    assert.equal(again.status, 0, again.lines.join("\n"));
  });
});
