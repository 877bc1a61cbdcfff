import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { suite, type TestContext, test } from "node:test";
import { Audit } from "../../helper/audit.ts";
import { killProcesses } from "../../helper/reap.ts";
import { runAs } from "../../helper/spawn.ts";
import { needsRoot } from "../root.ts";
import { configOf } from "./one-uid.ts";
import { eventually, within } from "./wait.ts";

/** It and those behind it are in no range that anything else uses. */
let free = 4780;
/** Of one test: the kill of another as the same user would reach this one's. */
const ownUid = (): number => free++;
const entry = join(import.meta.dirname, "kill-entry.ts");
/** In a mount namespace of its own, where $1 stands in the place of ps. */
const lines = 'mount --bind "$1" /bin/ps && shift && exec "$@"';

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "process-list-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

/** What killProcesses says when the `ps` of a folder lists the processes. */
function killedBehind(place: string, uid: number): Promise<string> {
  const argv = ["-m", "/bin/bash", "-c", lines, "bash", join(place, "ps"), process.execPath, entry, `${uid}`, place];
  return text(spawn("/usr/bin/unshare", argv, { stdio: ["ignore", "pipe", "inherit"] }).stdout);
}

/** A `ps` for a place, of lines that see the real one as `real`, the number of the list as $list, and have `self`. */
function ps(place: string, lines: string): void {
  copyFileSync("/bin/ps", join(place, "real"));
  const counted = `cd ${place}; echo >>lists; list=$(wc -l <lists); self="$PPID 0 0 0 S"`;
  writeFileSync(join(place, "ps"), `#!/bin/bash\n${counted}\n${lines}\n`, { mode: 0o755 });
}

/** A process of nobody whom the kill may touch, and its state. */
function bystander(t: TestContext): { pid: number | undefined; state: () => string } {
  const sleeper = spawn("/bin/sleep", ["60"], { stdio: "ignore" });
  t.after(() => sleeper.kill("SIGKILL"));
  const { pid } = sleeper;
  return { pid, state: () => readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] ?? "" };
}

suite("A list of processes", { skip: needsRoot, concurrency: true }, () => {
  for (const [what, ps] of [
    ["that is empty", "exit 0"],
    ["of a ps that fails", "echo $PPID 0 0 0 S; exit 1"],
  ]) {
    test(`${what} proves nobody gone`, async (t) => {
      const uid = ownUid();
      const place = folder(t);
      writeFileSync(join(place, "ps"), `#!/bin/bash\n${ps}\n`, { mode: 0o755 });
      assert.equal(await killedBehind(place, uid), '{"killed":0,"left":1}');
    });
  }

  test("is made a second time when all on it are stopped, and before any is killed", async (t) => {
    const uid = ownUid();
    const place = folder(t);
    const sleeper = spawn("/bin/sleep", ["60"], { uid, gid: uid, stdio: "ignore" });
    t.after(() => sleeper.kill("SIGKILL"));
    ps(place, `./real -o stat= -p ${sleeper.pid} >>seen; exec ./real "$@"`);
    assert.equal(await killedBehind(place, uid), '{"killed":1,"left":0}');
    const [first, second] = readFileSync(join(place, "seen"), "utf8").split("\n");
    assert.match(`${first} ${second}`, /^S\S* T/);
  });

  test("is made again after one was wrong: somebody else who was stopped is let go", async (t) => {
    const uid = ownUid();
    const place = folder(t);
    const { pid, state } = bystander(t);
    ps(place, `echo "$self"; ((list > 1)) || echo ${pid} ${uid} ${uid} ${uid} S`);
    assert.equal(await killedBehind(place, uid), '{"killed":1,"left":0}');
    assert.equal(state(), "S");
  });

  test("that fails behind one that was wrong leaves nobody stopped", async (t) => {
    const uid = ownUid();
    const place = folder(t);
    const { pid, state } = bystander(t);
    ps(place, `((list == 1)) || exit 1; echo "$self"; echo ${pid} ${uid} ${uid} ${uid} S`);
    assert.equal(await killedBehind(place, uid), '{"killed":1,"left":1}');
    assert.equal(state(), "S");
  });

  test("does not have what is born behind it: that dies all the same", async (t) => {
    const uid = ownUid();
    const place = folder(t);
    const born = spawn("/bin/sleep", ["60"], { uid, gid: uid, stdio: "ignore" });
    t.after(() => born.kill("SIGKILL"));
    const exit = once(born, "exit");
    ps(place, `echo "$self"; ((list > 2)) || echo 999999 ${uid} ${uid} ${uid} S`);
    assert.equal(await killedBehind(place, uid), '{"killed":1,"left":0}');
    assert.deepEqual(await exit, [null, "SIGKILL"]);
  });

  test("does not have who forks and exits faster than it is read: that dies all the same", async (t) => {
    const uid = ownUid();
    const place = folder(t);
    const unseen = spawn("/bin/sleep", ["60"], { uid, gid: uid, stdio: "ignore" });
    t.after(() => unseen.kill("SIGKILL"));
    const exit = once(unseen, "exit");
    ps(place, 'echo "$self"');
    assert.equal(await killedBehind(place, uid), '{"killed":0,"left":0}');
    assert.deepEqual(await within(exit, "the end of who was on no list"), [null, "SIGKILL"]);
  });

  test("that has nobody proves nobody gone until the user's own kill has run", async (t) => {
    const uid = ownUid();
    const place = folder(t);
    const blind = 'echo "$PPID 0 0 0 S"; /bin/mount --bind /bin/false /bin/bash';
    writeFileSync(join(place, "ps"), `#!/bin/sh\n${blind}\n`, { mode: 0o755 });
    assert.equal(await killedBehind(place, uid), '{"killed":0,"left":1}');
  });

  for (const [what, shown, lists] of [
    ["that has somebody who is not on the next, unkilled, is followed by 25 that have nobody", 1, 2 + 25],
    ["that still has somebody who was killed is followed by three that have nobody", 3, 4 + 3],
  ] as const) {
    test(what, async (t) => {
      const uid = ownUid();
      const place = folder(t);
      ps(place, `echo "$self"; ((list > ${shown})) || echo 999999 ${uid} ${uid} ${uid} S`);
      assert.equal(await killedBehind(place, uid), '{"killed":1,"left":0}');
      assert.equal(readFileSync(join(place, "lists"), "utf8").length, lists);
    });
  }

  test("has one whose effective uid alone is the task user's: that is not its own kill's", async (t) => {
    const uid = ownUid();
    const perl = spawn("/usr/bin/perl", ["-e", `$> = ${uid}; $| = 1; print "$>"; sleep 60`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => perl.kill("SIGKILL"));
    const exit = once(perl, "exit");
    assert.equal(`${await once(perl.stdout, "data")}`, `${uid}`);
    const helper = { audit: new Audit(join(folder(t), "audit.log")), config: configOf(uid) };
    assert.deepEqual(await killProcesses(uid, helper), { killed: 1, left: 0 });
    assert.deepEqual(await exit, [null, "SIGKILL"]);
  });

  test("has a process whose first thread has ended and another goes on", async (t) => {
    const uid = ownUid();
    const exit = { x64: 60, arm64: 93 }[process.arch === "arm64" ? "arm64" : "x64"];
    const script = `use threads; threads->create(sub { sleep 60 })->detach; syscall(${exit}, 0)`;
    const perl = spawn("/usr/bin/perl", ["-e", script], { uid, gid: uid, stdio: "ignore" });
    t.after(() => perl.kill("SIGKILL"));
    const ended = once(perl, "exit");
    await eventually(
      () => readFileSync(`/proc/${perl.pid}/stat`, "utf8").includes(") Z "),
      "its first thread had ended",
    );
    const helper = { audit: new Audit(join(folder(t), "audit.log")), config: configOf(uid) };
    assert.deepEqual(await killProcesses(uid, helper), { killed: 1, left: 0 });
    await ended;
  });

  test("has one whose real uid alone is the task user's", async (t) => {
    const uid = ownUid();
    const script = `$< = ${uid}; $| = 1; print "$< $>"; sleep 60`;
    const perl = spawn("/usr/bin/perl", ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => perl.kill("SIGKILL"));
    const exit = once(perl, "exit");
    assert.equal(`${await once(perl.stdout, "data")}`, `${uid} 0`);
    const helper = { audit: new Audit(join(folder(t), "audit.log")), config: configOf(uid) };
    assert.deepEqual(await killProcesses(uid, helper), { killed: 1, left: 0 });
    assert.deepEqual(await exit, [null, "SIGKILL"]);
  });
});

suite("A task user's own kill", { skip: needsRoot }, () => {
  test("ends that user's processes, and whoever is not that user kills nothing by it", async (t) => {
    const uid = ownUid();
    const config = configOf(uid);
    const sleeper = spawn("/bin/sleep", ["60"], { uid, gid: uid, stdio: "ignore" });
    t.after(() => sleeper.kill("SIGKILL"));
    const exit = once(sleeper, "exit");
    assert.equal((await runAs(uid, config, "kill", ["0"], 10_000)).exit, 1);
    assert.equal(sleeper.kill(0), true);
    assert.equal((await runAs(uid, config, "kill", [`${uid}`], 10_000)).exit, 0);
    assert.deepEqual(await exit, [null, "SIGKILL"]);
  });
});
