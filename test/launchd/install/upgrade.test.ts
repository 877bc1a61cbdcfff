import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { suite, type TestContext, test } from "node:test";
import { needsRoot } from "../../root.ts";
import { FakeMac } from "./mac.ts";

const [helper, agent] = ["org.taskcluster.worker.helper", "org.taskcluster.worker.agent"];

async function installed(context: TestContext): Promise<FakeMac> {
  const mac = FakeMac.make();
  context.after(() => mac.remove());
  const { status, lines } = await mac.command("install --agent-user ci --config SETTINGS");
  assert.equal(status, 0, lines.join("\n"));
  mac.remember("log", "");
  return mac;
}

const versionOf = (mac: FakeMac): string => /versions\/([\d.]+)-/.exec(readlinkSync(mac.layout.current))?.[1] ?? "";
/** The calls of launchctl that change something. */
const changes = (mac: FakeMac): string[] =>
  mac
    .memory("log")
    .split("\n")
    .filter((line) => /^launchctl (bootstrap|bootout)/.test(line))
    .map((line) => line.replaceAll(mac.root, ""));

suite("upgrade", { skip: needsRoot, concurrency: 2 }, () => {
  test("ends the agent, then the helper, switches, starts both, and removes the version before", async (t) => {
    const mac = await installed(t);
    const { status, lines } = await mac.command("upgrade", { version: "1.1.0" });
    assert.equal(status, 0, lines.join("\n"));
    assert.equal(versionOf(mac), "1.1.0");
    assert.equal(readdirSync(mac.layout.versions).length, 1);
    assert.deepEqual(changes(mac), [
      `launchctl bootout gui/501/${agent}`,
      `launchctl bootout system/${helper}`,
      `launchctl bootstrap system /Library/LaunchDaemons/${helper}.plist`,
      `launchctl bootstrap gui/501 /Library/LaunchAgents/${agent}.plist`,
    ]);
  });

  test("--plan says what it would do, and does nothing", async (t) => {
    const mac = await installed(t);
    const before = mac.state();
    const { status, out } = await mac.command("upgrade --plan", { version: "1.1.0" });
    assert.equal(status, 0);
    assert.match(out, /^ +\d+ stop {7}launchctl bootout gui\/501\/org\.taskcluster\.worker\.agent, at most 87060 s$/m);
    assert.match(out, /^ +\d+ link .*current -> versions\/1\.1\.0-/m);
    assert.deepEqual(mac.state(), before);
  });

  test("has nothing to do for the version that is installed", async (t) => {
    const mac = await installed(t);
    const before = mac.state();
    const { status, lines } = await mac.command("upgrade");
    assert.deepEqual([status, mac.state()], [0, before]);
    assert.match(lines.join(), /is what is installed/);
  });

  for (const [who, label] of [
    ["helper", helper],
    ["agent", agent],
  ] as const) {
    test(`goes back by itself when the new ${who} says nothing`, async (t) => {
      const mac = await installed(t);
      const before = mac.state();
      mac.remember("mute", `1.1.0 ${label}\n`);
      const { status, lines } = await mac.command("upgrade", { version: "1.1.0", helloMs: 300 });
      assert.equal(status, 1);
      assert.match(lines.at(-1) ?? "", /^the upgrade has been taken back: /);
      const { pid, version, agent } = JSON.parse(readFileSync(mac.layout.places.status, "utf8"));
      assert.deepEqual([pid, version, agent], [process.pid, "1.0.0", true]);
      assert.deepEqual(mac.state(), before);
    });
  }

  test("says so when the version before does not run either", async (t) => {
    const mac = await installed(t);
    mac.remember("mute", `1.1.0 ${helper}\n1.0.0 ${helper}\n1.0.0 ${agent}\n`);
    const { status, lines } = await mac.command("upgrade", { version: "1.1.0", helloMs: 300 });
    assert.equal(status, 1);
    assert.match(lines.at(-1) ?? "", /and the version before does not run: /);
  });

  test("is refused where nothing is installed", async (t) => {
    const mac = FakeMac.make();
    t.after(() => mac.remove());
    const { status, lines } = await mac.command("upgrade");
    assert.deepEqual([status, lines], [64, ["nothing is installed here: use install"]]);
  });

  test("that was cut off is taken back by the next command, whatever that is", async (t) => {
    const mac = await installed(t);
    const cut = {
      begin: (_what: string, step: { readonly kind: string }): void => {
        if (step.kind === "link") throw new Error("cut off");
      },
      end: () => {},
    };
    await assert.rejects(mac.command("upgrade", { version: "1.1.0", observer: cut }), /cut off/);
    assert.ok(!mac.has(`loaded/system:${helper}`));
    const { status, lines } = await mac.command("install");
    assert.equal(status, 0, lines.join("\n"));
    assert.equal(versionOf(mac), "1.0.0");
    assert.ok(mac.has(`loaded/system:${helper}`) && existsSync(mac.layout.current));
  });
});
