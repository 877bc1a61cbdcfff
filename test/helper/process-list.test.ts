import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { suite, type TestContext, test } from "node:test";
import { Audit } from "../../helper/audit.ts";
import { killProcesses } from "../../helper/reap.ts";
import { needsRoot } from "../root.ts";

/** In no range that anything else uses. */
const uid = 4796;
const entry = join(import.meta.dirname, "kill-entry.ts");
/** In a mount namespace of its own, where $1 stands in the place of ps. */
const lines = 'mount --bind "$1" /bin/ps && shift && exec "$@"';

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "process-list-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

suite("A list of processes", { skip: needsRoot, concurrency: true }, () => {
  for (const [what, ps] of [
    ["that is empty", "exit 0"],
    ["of a ps that fails", "echo $PPID 0 0 0 S; exit 1"],
  ]) {
    test(`${what} proves nobody gone`, async (t) => {
      const place = folder(t);
      writeFileSync(join(place, "ps"), `#!/bin/bash\n${ps}\n`, { mode: 0o755 });
      const argv = [
        "-m",
        "/bin/bash",
        "-c",
        lines,
        "bash",
        join(place, "ps"),
        process.execPath,
        entry,
        `${uid}`,
        place,
      ];
      const child = spawn("/usr/bin/unshare", argv, { stdio: ["ignore", "pipe", "inherit"] });
      assert.equal(await text(child.stdout), '{"killed":0,"left":1}');
    });
  }

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
