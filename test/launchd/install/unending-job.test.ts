/** Jobs that do not end in the time that launchd gives them. The clock runs faster here: each look takes a quarter of an hour. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, type TestContext, test } from "node:test";
import type { Observer } from "../../../launchd/install/runner.ts";
import { needsRoot } from "../../root.ts";
import { FakeMac } from "./mac.ts";

const label = "org.taskcluster.worker.agent";
const target = `gui/501/${label}`;
const loaded = `loaded/gui:501:${label}`;

/** `normal` lets the clock run as it does. */
async function installed(t: TestContext): Promise<{ mac: FakeMac; normal: () => void }> {
  const mac = FakeMac.make();
  t.after(() => mac.remove());
  assert.equal((await mac.command("install --agent-user ci --config SETTINGS")).status, 0);
  mac.remember("log", "");
  mac.remember("unending", `${target}\n`);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const running = setInterval(() => t.mock.timers.tick(15 * 60_000), 10);
  t.after(() => clearInterval(running));
  const normal = (): void => {
    clearInterval(running);
    t.mock.timers.reset();
  };
  return { mac, normal };
}

/** The job may end as soon as something of this kind is taken back. */
const endsBefore = (mac: FakeMac, kind: string): Observer => ({
  begin: (what, step) => {
    if (what === "undo" && step.kind === kind) mac.remember("unending", "");
  },
  end: () => {},
});
const isInstalled = (mac: FakeMac): boolean =>
  JSON.parse(readFileSync(mac.layout.receipt, "utf8")).upgrade.length === 0;

suite("an agent that does not end in its time", { skip: needsRoot }, () => {
  test("is waited for on the way back from an upgrade, and started again: it would end later and stay down", async (t) => {
    const { mac } = await installed(t);
    const { status, lines } = await mac.command("upgrade", { version: "1.1.0", observer: endsBefore(mac, "stop") });
    assert.equal(status, 1);
    assert.match(
      lines.at(-1) ?? "",
      /^the upgrade has been taken back: gui\/501\/\S+ has not ended within 87060 s: look/,
    );
    assert.equal(mac.memory(loaded), "running\n");
    assert.match(mac.memory("log"), /^launchctl bootstrap gui\/501 /m);
    assert.ok(isInstalled(mac));
  });

  test("is named when it does not end on the way back either, and the next command goes on with that", async (t) => {
    const { mac, normal } = await installed(t);
    const { status, lines } = await mac.command("upgrade", { version: "1.1.0" });
    assert.equal(status, 1);
    assert.equal(lines.at(-1)?.match(/has not ended within 87060 s/g)?.length, 2);
    assert.ok(!isInstalled(mac));
    normal();
    mac.remember("unending", "");
    const again = await mac.command("install");
    assert.equal(again.status, 0, again.lines.join("\n"));
    assert.equal(mac.memory(loaded), "running\n");
    assert.ok(isInstalled(mac));
  });

  test("keeps everything that it uses when it is uninstalled, until it has ended", async (t) => {
    const { mac, normal } = await installed(t);
    const { status, lines } = await mac.command("uninstall --purge");
    assert.equal(status, 1);
    assert.deepEqual(lines, [`left: ${target} has not ended within 87060 s: look at its tasks`]);
    normal();
    mac.remember("unending", "");
    assert.deepEqual((await mac.command("uninstall --purge")).lines, ["uninstalled: nothing of it is left"]);
  });
});
