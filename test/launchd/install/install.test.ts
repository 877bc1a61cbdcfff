import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { takeLock } from "../../../helper/lock.ts";
import { needsRoot } from "../../root.ts";
import { FakeMac } from "./mac.ts";

function macFor(context: TestContext): FakeMac {
  const mac = FakeMac.make();
  context.after(() => mac.remove());
  return mac;
}

const usual = "install --agent-user ci --config SETTINGS";
const said = (lines: readonly string[], what: RegExp): void => assert.match(lines.join("\n"), what);

suite("install", { skip: needsRoot, concurrency: 2 }, () => {
  test("then upgrade, then uninstall --purge, leave the machine as it was before", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    assert.equal((await mac.command(usual)).status, 0);
    assert.equal((await mac.command("upgrade", { version: "1.1.0" })).status, 0);
    assert.deepEqual((await mac.command("uninstall --purge", { version: "1.1.0" })).lines, [
      "uninstalled: nothing of it is left",
    ]);
    assert.deepEqual(mac.state(), before);
  });

  test("puts everything where the layout says, owned by root but for the worker's two files", async (t) => {
    const mac = macFor(t);
    const { status, lines } = await mac.command(usual);
    assert.equal(status, 0, lines.join("\n"));
    const { layout } = mac;
    const wanted: readonly (readonly [path: string, uid: number, mode: number])[] = [
      [layout.base, 0, 0o755],
      [layout.versions, 0, 0o755],
      [layout.support, 0, 0o755],
      [layout.helperConfig, 0, 0o644],
      [layout.workerConfig, 501, 0o600],
      [layout.stateRoot, 0, 0o755],
      [layout.privateState, 0, 0o700],
      [layout.places.state, 0, 0o755],
      [layout.logRoot, 0, 0o755],
      [layout.places.logs, 0, 0o700],
      [layout.agentLog, 501, 0o600],
      [layout.newsyslog, 0, 0o644],
      [layout.helperPlist, 0, 0o644],
      [layout.agentPlist, 0, 0o644],
      [layout.receipt, 0, 0o600],
    ];
    const found = wanted.map(([path]) => [path, lstatSync(path).uid, lstatSync(path).mode & 0o7777]);
    assert.deepEqual(found, wanted);
    assert.match(readlinkSync(layout.current), /^versions\/1\.0\.0-[0-9a-f]{12}$/);
    assert.equal(mac.memory("members"), "ci _tcworker\n");
    assert.ok(mac.has("loaded/system:org.taskcluster.worker.helper"));
    assert.ok(mac.has("loaded/gui:501:org.taskcluster.worker.agent"));
  });

  test("--plan says every file, owner, mode, account, job and why, and does nothing", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    const { status, out } = await mac.command(`${usual} --plan`);
    assert.equal(status, 0);
    for (const text of [
      "directory  /Library/PrivilegedHelperTools/org.taskcluster.worker  root:wheel 0755",
      "file       /Library/Application Support/taskcluster-worker/worker.yml  ci:wheel 0600",
      "account    user and group _tcworker, hidden, home /private/var/db/taskcluster-worker/agent",
      "member     ci in the group _tcworker",
      "job        launchctl bootstrap gui/501 /Library/LaunchAgents/org.taskcluster.worker.agent.plist",
    ]) {
      assert.ok(out.includes(`${text}\n      `), text);
    }
    assert.deepEqual(mac.state(), before);
    const { out: json } = await mac.command(`${usual} --plan --json`);
    const steps: Record<string, unknown>[] = JSON.parse(json).install;
    assert.equal(steps.length, out.split("\n").length >> 1);
    assert.ok(steps.every((step) => (step["why"] && step["state"] === "to do") || step["kind"] === "directory"));
    assert.doesNotMatch(out + json, /a-secret/);
  });

  test("leaves everything as it is when it is run again", async (t) => {
    const mac = macFor(t);
    await mac.command(usual);
    const before = mac.state();
    mac.remember("log", "");
    assert.equal((await mac.command("install")).status, 0);
    assert.deepEqual(mac.state(), before);
    assert.doesNotMatch(mac.memory("log"), /bootstrap|bootout|-o edit|agent-account/);
  });

  test("starts no worker before its settings are filled in, and starts it when it is run again", async (t) => {
    const mac = macFor(t);
    const { status, lines } = await mac.command("install --agent-user ci");
    assert.equal(status, 0);
    said(lines, /the worker does not run yet: fill in .*worker\.yml and run install again/);
    assert.ok(!existsSync(mac.layout.agentPlist));
    writeFileSync(mac.layout.workerConfig, "rootURL: https://tc.example.com\n");
    assert.equal((await mac.command("install")).status, 0);
    assert.ok(mac.has("loaded/gui:501:org.taskcluster.worker.agent"));
    assert.equal(readFileSync(mac.layout.workerConfig, "utf8"), "rootURL: https://tc.example.com\n");
  });

  test("--headless makes the worker a system job of its own account, without a member", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    assert.equal((await mac.command("install --headless --config SETTINGS")).status, 0);
    assert.ok(mac.has("loaded/system:org.taskcluster.worker.agent"));
    assert.match(readFileSync(mac.layout.headlessPlist, "utf8"), /<key>UserName<\/key>\s*<string>_tcworker</);
    assert.equal(mac.memory("members"), "");
    assert.equal(lstatSync(mac.layout.workerConfig).uid, 4900);
    assert.equal((await mac.command("uninstall --purge")).status, 0);
    assert.deepEqual(mac.state(), before);
  });

  test("leaves the agent to the next login where its account is not logged in", async (t) => {
    const mac = macFor(t);
    mac.remember("accounts", "root 0\nci 502\n");
    const { status, lines } = await mac.command(usual);
    assert.equal(status, 0, lines.join("\n"));
    said(lines, /ci is not logged in: the worker starts with its login/);
    assert.ok(!mac.memory("log").includes("bootstrap gui"));
    assert.ok(existsSync(mac.layout.agentPlist));
  });

  test("--volume makes a volume without set-id programs and devices, for the homes", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    const { status, lines } = await mac.command(`${usual} --volume 200g`);
    assert.equal(status, 0, lines.join("\n"));
    assert.match(
      mac.memory("log"),
      /^diskutil apfs addVolume disk3 APFS taskcluster-worker-tasks -quota 200g -nomount$/m,
    );
    assert.match(
      readFileSync(mac.layout.fstab, "utf8"),
      /^UUID=0AF1 \/private\/var\/db\/taskcluster-worker\/tasks apfs rw,nosuid,nodev,nobrowse/,
    );
    assert.equal(
      JSON.parse(readFileSync(mac.layout.helperConfig, "utf8")).tasksDir,
      "/private/var/db/taskcluster-worker/tasks",
    );
    assert.match(
      readFileSync(mac.layout.helperPlist, "utf8"),
      /--allow-fs-write=\/private\/var\/db\/taskcluster-worker\/tasks\/\*</,
    );
    await mac.command("uninstall");
    assert.ok(mac.has("volume"), "homes are kept with the settings");
    await mac.command("uninstall --purge");
    assert.deepEqual(mac.state(), before);
  });

  test("keeps settings that are there, also when it is taken back with --purge", async (t) => {
    const mac = macFor(t);
    mkdirSync(mac.layout.support);
    writeFileSync(mac.layout.helperConfig, '{ "maxUsers": 7 }\n');
    writeFileSync(mac.layout.workerConfig, "capacity: 3\n", { mode: 0o600 });
    const before = mac.state();
    const { lines } = await mac.command(usual);
    said(lines, /worker\.yml is there and stays as it is; .* is not used/);
    assert.equal(readFileSync(mac.layout.workerConfig, "utf8"), "capacity: 3\n");
    await mac.command("uninstall --purge");
    assert.deepEqual(mac.state(), before);
  });

  test("is refused below a directory that an administrator can write to, with the line that mends it", async (t) => {
    const mac = macFor(t);
    const open = join(mac.root, "Library/LaunchDaemons");
    chmodSync(open, 0o775);
    const { status, lines } = await mac.command(`${usual} --plan`);
    assert.deepEqual([status, lines], [78, [`${open} can be written by others than root: chmod go-w ${open}`]]);
    chmodSync(open, 0o755);
    chmodSync(join(mac.root, "Library"), 0o777);
    assert.equal((await mac.command(usual)).status, 78);
    assert.ok(!existsSync(dirname(mac.layout.base)));
  });

  test("names a foreign file that is in the way, and keeps it", async (t) => {
    const mac = macFor(t);
    writeFileSync(mac.layout.helperPlist, "somebody else's");
    const before = mac.state();
    const { status, lines } = await mac.command(usual);
    assert.equal(status, 78);
    said(lines, /^\/Library\/LaunchDaemons\/org\.taskcluster\.worker\.helper\.plist is there and is not ours/m);
    assert.equal((await mac.command("uninstall --purge")).status, 1);
    assert.deepEqual(mac.state(), before);
  });

  test("refuses another account, another version and accounts that cannot be the agent", async (t) => {
    const mac = macFor(t);
    said((await mac.command("install")).lines, /name the account that logs in by itself/);
    said((await mac.command("install --agent-user nobody")).lines, /there is no account nobody/);
    said((await mac.command("install --agent-user root")).lines, /root \(uid 0\) cannot be the agent/);
    await mac.command(usual);
    said((await mac.command("install --headless")).lines, /the worker is installed for ci: uninstall it first/);
    said((await mac.command("install", { version: "1.1.0" })).lines, /another version is installed .*: use upgrade/);
  });

  test("says that another one is under way", async (t) => {
    const mac = macFor(t);
    const lock = takeLock(`${mac.layout.receipt}.lock`);
    const { status } = await mac.command(usual);
    lock?.close();
    assert.equal(status, 75);
  });

  test("refuses a release that is not as its manifest says", async (t) => {
    const mac = macFor(t);
    writeFileSync(join(mac.release("1.0.0"), "helper/main.js"), "// changed");
    const { status, lines } = await mac.command(usual);
    assert.equal(status, 1);
    said(lines, /the copy of .* is not whole: helper\/main\.js /);
    await mac.command("uninstall --purge");
  });
});

suite("uninstall", { skip: needsRoot, concurrency: 2 }, () => {
  test("keeps the settings and logs, says so, and removes them when it is told to", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    await mac.command(usual);
    const { status, lines } = await mac.command("uninstall");
    assert.equal(status, 0, lines.join("\n"));
    said(lines, /^kept: file {7}.*worker\.yml .*; uninstall --purge removes it$/m);
    assert.ok(existsSync(mac.layout.workerConfig) && existsSync(mac.layout.places.logs));
    assert.ok(!existsSync(mac.layout.base) && !existsSync(mac.layout.helperPlist));
    assert.equal((await mac.command("uninstall --purge")).status, 0);
    assert.deepEqual(mac.state(), before);
  });

  test("removes settings that the agent's account has made too large to be read", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    await mac.command(usual);
    truncateSync(mac.layout.workerConfig, 600 * 1024 * 1024);
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 0, lines.join("\n"));
    assert.deepEqual(mac.state(), before);
  });

  test("removes the release that an installer package has put there, and macOS's note of the package", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    await mac.command(usual);
    mac.unpackPackage();
    const { status, lines } = await mac.command("uninstall --purge");
    assert.deepEqual([status, lines], [0, ["uninstalled: nothing of it is left"]]);
    assert.deepEqual(mac.state(), before);
    assert.match(mac.memory("log"), /^pkgutil --forget org\.taskcluster\.worker$/m);
  });

  test("removes a package that was never used to install, with the directory that came with it, and says so before", async (t) => {
    const mac = macFor(t);
    mac.unpackPackage();
    const { out } = await mac.command("uninstall --plan");
    assert.match(out, /^remove package \/Library\/.*\/package: .*pkgutil --forget org\.taskcluster\.worker\)\n$/);
    const { out: json } = await mac.command("uninstall --plan --json");
    assert.deepEqual(
      JSON.parse(json).uninstall.map(({ kind }: { kind: string }) => kind),
      ["package"],
    );
    assert.ok(existsSync(mac.layout.package), "a plan does nothing");
    const { status, lines } = await mac.command("uninstall");
    assert.deepEqual([status, lines], [0, ["uninstalled: nothing of it is left"]]);
    assert.ok(!existsSync(mac.layout.base));
    assert.match(mac.memory("log"), /^pkgutil --forget org\.taskcluster\.worker$/m);
  });

  test("removes a package that was there before the installation, and the directory that came with it", async (t) => {
    const mac = macFor(t);
    mac.unpackPackage();
    await mac.command(usual);
    const { out } = await mac.command("uninstall --plan");
    assert.match(out, /^remove package \/Library\//m);
    const { status, lines } = await mac.command("uninstall --purge");
    assert.deepEqual([status, lines], [0, ["uninstalled: nothing of it is left"]]);
    assert.ok(!existsSync(mac.layout.base));
  });

  test("removes the empty directory that an uninstallation of a package has left when it was cut off", async (t) => {
    const mac = macFor(t);
    mkdirSync(mac.layout.base, { recursive: true });
    assert.equal((await mac.command("uninstall")).status, 0);
    assert.ok(!existsSync(mac.layout.base));
  });

  test("names and keeps what lies in the package's place but is not as its manifest says", async (t) => {
    const mac = macFor(t);
    await mac.command(usual);
    mac.unpackPackage();
    writeFileSync(join(mac.layout.package, "notes"), "an administrator's");
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 1);
    said(lines, /^left: \/Library\/.*\/package is not what a package of ours .*notes does not belong here/m);
    assert.ok(existsSync(join(mac.layout.package, "notes")));
    assert.doesNotMatch(mac.memory("log"), /^pkgutil --forget/m);
  });

  for (const [what, line, kept] of [
    ["alone", "uninstall", ""],
    ["beside an installation", "uninstall --purge", usual],
    ["beside what is kept", "uninstall", usual],
  ] as const) {
    test(`tells of a note of the package that macOS does not remove, and tries again each time: ${what}`, async (t) => {
      const mac = macFor(t);
      mac.unpackPackage();
      if (kept !== "") await mac.command(kept);
      mac.failAt(1, "pkgutil --forget");
      for (const again of [false, true]) {
        const { status, lines } = await mac.command(line);
        assert.equal(status, 1, lines.join("\n"));
        said(
          lines,
          /^left: macOS still lists the package .*told to fail.*: run uninstall again, or sudo pkgutil --forget/m,
        );
        assert.equal(
          lines.some((each) => /whose files are gone: asking it again to forget it$/.test(each)),
          again,
        );
        assert.ok(!existsSync(mac.layout.package));
      }
      mac.remember("fail", "");
      assert.match((await mac.command(`${line} --plan`)).out, /^remove package .*pkgutil --forget/m);
      const { status, lines } = await mac.command(line);
      assert.equal(status, 0, lines.join("\n"));
      said(lines, /^uninstalled/m);
      assert.equal(mac.memory("packages"), "");
      said(
        (await mac.command("uninstall --purge")).lines,
        /^(nothing is installed here|uninstalled: nothing of it is left)$/,
      );
    });
  }

  test("does not say that nothing is left where macOS does not say whether it lists the package", async (t) => {
    const mac = macFor(t);
    mac.unpackPackage();
    mac.failAt(1, "pkgutil --forget");
    mac.failAt("killed", "pkgutil --pkg-info");
    for (const _again of [false, true]) {
      const { status, lines } = await mac.command("uninstall");
      assert.equal(status, 1, lines.join("\n"));
      assert.equal(lines.length, 1);
      said(lines, /^left: macOS may still list the package \(pkgutil ended with 1: .*\): run uninstall again, or sudo/);
      assert.ok(!existsSync(mac.layout.package));
    }
    mac.remember("fail", "");
    assert.deepEqual((await mac.command("uninstall")).status, 0);
    assert.equal(mac.memory("packages"), "");
  });

  test("tells of a pkgutil that cannot be started, and removes all the rest", async (t) => {
    const mac = macFor(t);
    await mac.command(usual);
    mac.lose("pkgutil");
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 1);
    assert.equal(lines.length, 1);
    said(
      lines,
      /^left: macOS may still list the package \(\S*pkgutil cannot be started: .*\): run uninstall again, or/,
    );
    assert.ok(!existsSync(mac.layout.base));
    said([(await mac.command("uninstall --plan")).out], /^remove package /);
  });

  test("goes on where it was cut off behind macOS's note of the package", async (t) => {
    const mac = macFor(t);
    mac.unpackPackage();
    renameSync(mac.layout.package, `${mac.layout.package}.old`);
    mac.remember("packages", "");
    assert.deepEqual((await mac.command("uninstall")).lines, ["uninstalled: nothing of it is left"]);
    assert.ok(!existsSync(mac.layout.base));
  });

  test("can be followed by an installation that uses the settings that were kept", async (t) => {
    const mac = macFor(t);
    await mac.command(usual);
    const before = mac.state();
    await mac.command("uninstall");
    assert.equal((await mac.command("install")).status, 0);
    const strip = (state: unknown): string => JSON.stringify(state).replaceAll(/"[^"]*receipt\.json":"[^"]*",?/g, "");
    assert.equal(strip(mac.state()), strip(before));
  });

  test("waits for the agent's end before it ends the helper", async (t) => {
    const mac = macFor(t);
    await mac.command(usual);
    mac.remember("log", "");
    await mac.command("uninstall");
    const calls = mac
      .memory("log")
      .split("\n")
      .filter((line) => /bootout|print (gui|system)\/.*worker/.test(line));
    const helper = calls.findIndex((line) => line.includes("bootout system/org.taskcluster.worker.helper"));
    assert.equal(calls[0], "launchctl bootout gui/501/org.taskcluster.worker.agent");
    assert.ok(helper > 2, "launchd was asked until the agent had ended");
  });

  test("does nothing while a session beside the installation runs", async (t) => {
    const mac = macFor(t);
    await mac.command(usual);
    const lock = takeLock(join(mac.layout.privateState, "starters/4711"));
    const before = mac.state();
    const { status, lines } = await mac.command("uninstall --purge");
    assert.deepEqual([status, mac.state()], [75, before]);
    said(lines, /pid 4711/);
    lock?.close();
  });

  test("names a file that somebody has changed, and keeps it", async (t) => {
    const mac = macFor(t);
    await mac.command(usual);
    writeFileSync(mac.layout.newsyslog, "my own rules\n");
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 1);
    said(lines, /^left: \/private\/etc\/newsyslog\.d\/.* has been changed since/m);
    assert.equal(readFileSync(mac.layout.newsyslog, "utf8"), "my own rules\n");
  });

  test("names task users whose accounts are still there", async (t) => {
    const mac = macFor(t);
    await mac.command(usual);
    mac.remember("accounts", `${mac.memory("accounts")}tcw-abcdefgh 5003\n`);
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 1);
    said(lines, /left: task users whose accounts macOS has not removed: tcw-abcdefgh/);
  });

  test("does not remove root's state while the account that has its home there cannot be removed", async (t) => {
    const mac = macFor(t);
    await mac.command(usual);
    writeFileSync(join(mac.layout.stateRoot, "agent/left"), "");
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 1);
    said(lines, /left: the account _tcworker cannot be removed/);
    assert.ok(existsSync(join(mac.layout.stateRoot, "agent/left")));
  });

  test("has nothing to do where nothing is installed", async (t) => {
    const mac = macFor(t);
    const before = mac.state();
    const { status, lines } = await mac.command("uninstall");
    assert.deepEqual([status, lines, mac.state()], [0, ["nothing is installed here"], before]);
  });
});
