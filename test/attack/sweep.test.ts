/**
 * The sweep runs as the user that it cleans up after. What cron or at started as that user meanwhile runs beside it, may
 * do to it whatever it likes, and must not be able to make a count that is taken for the truth.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { suite, test } from "node:test";
import { useHelper } from "../helper/fixture.ts";
import { processesOf } from "../helper/machine.ts";
import { eventually } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";
import { rounds } from "./rounds.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

/** Waits for the sweep's end, leaves a file, and has ended before anybody can list it. ARGV: the file. */
const late = `
  sub sweeps { for my $at (</proc/[0-9]*>) { next unless -o $at; open(my $f, "<", "$at/cmdline") or next; local $/;
    return $at if (<$f> // "") =~ /\\0sweep\\0tcw-/ } "" }
  my $sweep; 1 until $sweep = sweeps();
  $| = 1; print "beside\\n"; 1 while -e "$sweep/fd/1"; open(my $f, ">", $ARGV[0]);`;
/** Stops the sweep, and ends it, as soon as it sees it. */
const killer = `for (;;) { for my $at (</proc/[0-9]*>) { next unless -o $at; my ($pid) = $at =~ /(\\d+)/;
  if ($pid != $$) { kill "STOP", $pid; kill "KILL", $pid } } }`;

suite("A process that cron starts while its user is swept", { skip: needsRoot }, () => {
  const fixture = useHelper();

  /** What cron does: root starts it as the user, while the helper is sweeping. */
  function cron(uid: number, script: string, ...args: string[]): ChildProcess {
    const options = { uid, gid: uid, cwd: "/", env: {}, detached: true } as const;
    return spawn("/usr/bin/perl", ["-e", script, ...args], { ...options, stdio: ["ignore", "pipe", "ignore"] });
  }
  const sweeps = (name: string): number =>
    fixture.helper.audit().filter(({ action, user }) => action === "sweep" && user === name).length;

  test("leaves nothing that the count did not see, though it writes behind it and is gone before the kill", async (t) => {
    for (let round = 0; round < rounds; round += 1) {
      const { client, user } = await fixture.clientWithUser(t);
      const file = `/tmp/tcw-late-${user.uid}`;
      t.after(() => rmSync(file, { force: true }));
      await client.run(user.user, bash("mkdir /tmp/tcwm-$UID; cd /tmp/tcwm-$UID; seq 200 | xargs touch"));
      const id = client.ask("deleteUser", { user: user.user });
      await eventually(() => sweeps(user.name) > 0, "the sweep has begun");
      cron(user.uid, late, file);
      const { state, left } = await client.reply("deleteUser", id);
      assert.deepEqual(
        [state, left.shared, existsSync(file), processesOf(user.uid)],
        ["gone", 0, false, []],
        `round ${round}`,
      );
      await client.close();
      await fixture.helper.idle();
    }
  });

  test("makes it a quarantine at most when it kills whatever sweeps, and is killed itself", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, bash("mkdir /tmp/tcwm-$UID; cd /tmp/tcwm-$UID; seq 200 | xargs touch"));
    const id = client.ask("deleteUser", { user: user.user });
    await eventually(() => sweeps(user.name) > 0, "the sweep has begun");
    const job = cron(user.uid, killer);
    const end = once(job, "exit");
    const gone = await client.reply("deleteUser", id);
    assert.deepEqual(await end, [null, "SIGKILL"]);
    assert.deepEqual(processesOf(user.uid), []);
    assert.equal(gone.state, existsSync(`/tmp/tcwm-${user.uid}`) ? "quarantined" : "gone");
    rmSync(`/tmp/tcwm-${user.uid}`, { recursive: true, force: true });
  });
});
