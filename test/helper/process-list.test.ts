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
import { needsRoot } from "../root.ts";

/** It and the next one are in no range that anything else uses. */
const uid = 4795;
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

suite("A list of processes", { skip: needsRoot, concurrency: true }, () => {
  for (const [what, ps] of [
    ["that is empty", "exit 0"],
    ["of a ps that fails", "echo $PPID 0 0 0 S; exit 1"],
  ]) {
    test(`${what} proves nobody gone`, async (t) => {
      const place = folder(t);
      writeFileSync(join(place, "ps"), `#!/bin/bash\n${ps}\n`, { mode: 0o755 });
      assert.equal(await killedBehind(place, uid), '{"killed":0,"left":1}');
    });
  }

  test("is made a second time when all on it are stopped, and before any is killed", async (t) => {
    const place = folder(t);
    const sleeper = spawn("/bin/sleep", ["60"], { uid: uid + 1, gid: uid + 1, stdio: "ignore" });
    t.after(() => sleeper.kill("SIGKILL"));
    copyFileSync("/bin/ps", join(place, "real"));
    const look = `${place}/real -o stat= -p ${sleeper.pid} >>${place}/seen`;
    writeFileSync(join(place, "ps"), `#!/bin/bash\n${look}; exec ${place}/real "$@"\n`, { mode: 0o755 });
    assert.equal(await killedBehind(place, uid + 1), '{"killed":1,"left":0}');
    const [first, second] = readFileSync(join(place, "seen"), "utf8").split("\n");
    assert.match(`${first} ${second}`, /^S\S* T/);
  });

  test("that has somebody new is followed by another one before any is killed", async (t) => {
    const place = folder(t);
    const ids = { uid: uid + 2, gid: uid + 2 };
    const [known, late] = ["60", "61"].map((seconds) => {
      const sleeper = spawn("/bin/sleep", [seconds], { ...ids, stdio: "ignore" });
      t.after(() => sleeper.kill("SIGKILL"));
      return sleeper.pid;
    });
    copyFileSync("/bin/ps", join(place, "real"));
    const look = `${place}/real -o stat= -p ${known} >>${place}/seen`;
    const ps = [
      look,
      `(($(wc -l <${place}/seen) > 1)) || hidden=${late}`,
      `${place}/real "$@" | awk "\\$1 != 0$hidden"`,
    ];
    writeFileSync(join(place, "ps"), `#!/bin/bash\n${ps.join("\n")}\n`, { mode: 0o755 });
    assert.equal(await killedBehind(place, uid + 2), '{"killed":2,"left":0}');
    assert.match(readFileSync(join(place, "seen"), "utf8"), /^S\S*\nT\S*\nT/);
  });

  test("has one whose real uid alone is the task user's", async (t) => {
    const script = `$< = ${uid}; $| = 1; print "$< $>"; sleep 60`;
    const perl = spawn("/usr/bin/perl", ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => perl.kill("SIGKILL"));
    const exit = once(perl, "exit");
    assert.equal(`${await once(perl.stdout, "data")}`, `${uid} 0`);
    assert.deepEqual(await killProcesses(uid, new Audit(join(folder(t), "audit.log"))), { killed: 1, left: 0 });
    assert.deepEqual(await exit, [null, "SIGKILL"]);
  });
});
