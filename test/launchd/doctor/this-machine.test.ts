import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { outputOf } from "../../../launchd/doctor/machine.ts";
import { thisMachine } from "../../../launchd/doctor/this-machine.ts";
import { needsRoot } from "../../root.ts";

const bash = (lines: string) => ["--norc", "--noprofile", "-c", lines];

suite("The machine that doctor sees", () => {
  test("has files with their owners and modes, and nothing where there is nothing", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "doctor-"));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "file"), "text");
    chmodSync(join(folder, "file"), 0o640);
    symlinkSync("file", join(folder, "link"));
    mkdirSync(join(folder, "sub"));
    const { kind, mode, size, uid } = thisMachine.look(join(folder, "file")) ?? {};
    assert.deepEqual([kind, mode, size, uid], ["file", 0o640, 4, process.geteuid?.()]);
    assert.equal(thisMachine.look(join(folder, "link"))?.kind, "link");
    assert.equal(thisMachine.resolve(join(folder, "link")), join(folder, "file"));
    assert.deepEqual(thisMachine.list(folder), ["file", "link", "sub"]);
    assert.equal(thisMachine.read(join(folder, "file")), "text");
    assert.ok((thisMachine.freeMegabytes(folder) ?? 0) > 0);
    for (const path of [join(folder, "none"), join(folder, "file/below")]) {
      const seen = [thisMachine.look(path), thisMachine.resolve(path), thisMachine.list(path), thisMachine.read(path)];
      assert.deepEqual(seen, [null, null, null, null]);
    }
  });

  test("gives at most a megabyte of a file", () => {
    assert.equal(thisMachine.read("/dev/zero")?.length, 1024 * 1024);
  });

  test("has processes, whoever they belong to", () => {
    assert.deepEqual(
      [process.pid, 1, 2 ** 30].map((pid) => thisMachine.isProcess(pid)),
      [true, true, false],
    );
  });

  test("runs a tool with nothing of our environment and no input", async () => {
    const ran = await thisMachine.run(
      "/bin/bash",
      bash("export -p | sed 's/declare -x //' | sort; cat; echo err >&2; exit 3"),
    );
    assert.ok(ran.end === "exited");
    assert.deepEqual([ran.status, ran.stderr], [3, "err\n"]);
    const names = ran.stdout
      .split("\n")
      .map((line) => line.split("=")[0])
      .filter(Boolean);
    assert.deepEqual(names, ["LC_ALL", "OLDPWD", "PATH", "PWD", "SHLVL"]);
  });

  test("ends a tool that takes too long, gently where it may clean up", async () => {
    const hangs = bash('trap "echo cleaned up; exit 0" TERM; echo; while :; do sleep 0.05; done');
    const [gently, atOnce] = await Promise.all([
      thisMachine.run("/bin/bash", hangs, { timeoutMs: 1_000, graceMs: 60_000 }),
      thisMachine.run("/bin/bash", bash('trap "" TERM; sleep 60'), { timeoutMs: 300 }),
    ]);
    assert.deepEqual(gently, { end: "timed-out", why: "did not end in 1 s" });
    assert.deepEqual(atOnce, { end: "timed-out", why: "did not end in 0.3 s" });
  });

  test("does not wait for whoever keeps the output of a tool that is over", async () => {
    const ran = await thisMachine.run("/bin/bash", bash("sleep 20 & echo done"), { timeoutMs: 15_000 });
    assert.deepEqual(ran, { end: "exited", status: 0, stdout: "done\n", stderr: "" });
  });

  test("ends a tool that writes without end", async () => {
    const ran = await thisMachine.run("/bin/bash", bash("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done"));
    assert.equal(ran.end, "too-much");
  });

  test("says so when there is no such tool", async () => {
    const ran = await thisMachine.run("/usr/bin/no-such-tool", []);
    assert.deepEqual(ran, { end: "not-started", why: "cannot be started (ENOENT)" });
  });

  test("runs a tool as another account for root", { skip: needsRoot }, async () => {
    const output = await outputOf(thisMachine, "/usr/bin/id", ["-u"], { as: { uid: 65_534, gid: 65_534 } });
    assert.deepEqual(output, { ok: true, text: "65534\n" });
  });

  test("has the last line of a tool's complaint in the sentence about it", async () => {
    const output = await outputOf(thisMachine, "/bin/bash", bash("echo one >&2; echo two >&2; exit 4"));
    assert.deepEqual(output, { ok: false, why: "/bin/bash ended with 4 (two)" });
  });
});
