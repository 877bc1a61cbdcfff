/** Every step of install, upgrade and uninstall is cut off once before and once after it, as a power cut would. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Observer, What } from "../../../launchd/install/runner.ts";
import type { Step } from "../../../launchd/install/step.ts";
import { within } from "../../helper/wait.ts";
import { needsRoot } from "../../root.ts";
import { FakeMac } from "./mac.ts";

const install = "install --agent-user ci --config SETTINGS --volume 200g";

class Cut extends Error {}

/** Lets so many points pass and cuts off at the next. Without a number it only counts. */
class Points implements Observer {
  count = 0;
  readonly kinds = new Set<Step["kind"]>();
  readonly #at: number;
  constructor(at = Number.POSITIVE_INFINITY) {
    this.#at = at;
  }
  begin(_what: What, { kind }: Step): void {
    this.kinds.add(kind);
    if (this.count++ === this.#at) throw new Cut("cut off");
  }
  end(what: What, step: Step): void {
    this.begin(what, step);
  }
}

suite("An installation that is cut off", { skip: needsRoot }, () => {
  let clean: FakeMac;
  let installed: FakeMac;
  let state: unknown;
  const counted: number[] = [];
  const kinds = new Set<string>();
  before(async () => {
    clean = FakeMac.make();
    for (const version of ["1.0.0", "1.1.0"]) clean.release(version);
    state = clean.state();
    installed = clean.copy();
    assert.equal((await installed.command(install)).status, 0);
  });
  after(() => {
    for (const mac of [clean, installed]) mac.remove();
    console.log(`cut off at ${counted.reduce((sum, each) => sum + each, 0)} points: ${counted.join(" + ")}`);
  });

  const commands = [
    { name: "install", line: install, version: "1.0.0", from: () => clean },
    { name: "upgrade", line: "upgrade", version: "1.1.0", from: () => installed },
    { name: "uninstall", line: "uninstall --purge", version: "1.0.0", from: () => installed },
  ];

  for (const { name, line, version, from } of commands) {
    test(`at any point of ${name} can be gone on with, or be taken back, and nothing is left in the end`, async () => {
      const whole = from().copy();
      const points = new Points();
      assert.equal((await whole.command(line, { version, observer: points })).status, 0);
      whole.remove();
      counted.push(points.count);
      for (const kind of points.kinds) kinds.add(kind);
      for (let at = 0; at < points.count; at += 1) {
        const mac = from().copy();
        await assert.rejects(mac.command(line, { version, observer: new Points(at) }), Cut, `point ${at}`);
        const again = mac.copy();
        const { status, lines } = await again.command(line, { version });
        assert.equal(status, 0, `${name} after point ${at}: ${lines.join("\n")}`);
        for (const [each, how] of [
          [again, "gone on with"],
          [mac, "taken back"],
        ] as const) {
          const said = await each.command("uninstall --purge", { version });
          assert.equal(said.status, 0, `${how} after point ${at} of ${name}: ${said.lines.join("\n")}`);
          assert.deepEqual(each.state(), state, `${how} after point ${at} of ${name}`);
          each.remove();
        }
      }
    });
  }

  test("was cut off at 120 points at least, before and after a step of every kind", () => {
    assert.equal(counted.length, commands.length);
    assert.ok(counted.reduce((sum, each) => sum + each, 0) >= 120, counted.join());
    const all = Object.keys({
      ...{ directory: 0, release: 0, link: 0, file: 0, account: 0, member: 0, "agent-state": 0, volume: 0, job: 0 },
      ...{ stop: 0, hello: 0 },
    } satisfies Record<Step["kind"], 0>);
    assert.deepEqual([...kinds].sort(), all.sort());
  });

  test("by kill -9 at any step is the same", async () => {
    for (const at of [3, 14, 25, 36]) {
      const mac = clean.copy();
      const child = spawn(process.execPath, [join(import.meta.dirname, "killed.ts"), mac.folder, String(at)], {
        stdio: "inherit",
      });
      const [, signal] = await within(once(child, "exit"), "the killed installation");
      assert.equal(signal, "SIGKILL");
      const again = mac.copy();
      assert.equal((await again.command(install)).status, 0);
      for (const each of [again, mac]) {
        assert.equal((await each.command("uninstall --purge")).status, 0);
        assert.deepEqual(each.state(), state, `killed at point ${at}`);
        each.remove();
      }
    }
  });
});

suite("A tool that fails", { skip: needsRoot, concurrency: 2 }, () => {
  const calls: readonly (readonly [status: number, line: string, command: string])[] = [
    [1, "launchctl bootstrap system", install],
    [1, "launchctl bootstrap gui/501", install],
    [70, "dseditgroup -o edit", install],
    [1, "diskutil apfs addVolume", install],
    [1, "diskutil mount", install],
    [1, "launchctl bootstrap system", "upgrade"],
    [1, "launchctl bootout gui/501", "upgrade"],
    [1, "launchctl bootout system", "uninstall --purge"],
    [77, "dseditgroup -o edit -d", "uninstall --purge"],
    [1, "diskutil apfs deleteVolume", "uninstall --purge"],
  ];
  for (const [status, line, command] of calls) {
    test(`in ${command.split(" ")[0]} (${line}) is named in one sentence, and mended by another try`, async (t) => {
      const mac = FakeMac.make();
      t.after(() => mac.remove());
      for (const version of ["1.0.0", "1.1.0"]) mac.release(version);
      const before = mac.state();
      if (command !== install) await mac.command(install);
      mac.failAt(status, line);
      const said = await mac.command(command, { version: "1.1.0", helloMs: 300 });
      assert.equal(said.status, 1, said.lines.join("\n"));
      assert.match(said.lines.join("\n"), /told to fail/);
      mac.remember("fail", "");
      assert.equal((await mac.command("uninstall --purge", { version: "1.1.0" })).status, 0);
      assert.deepEqual(mac.state(), before);
    });
  }
});
