import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { suite, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Answers } from "../../shared/protocol/messages.ts";
import { needsRoot } from "../root.ts";
import type { Client } from "./client.ts";
import { useHelper } from "./fixture.ts";
import { processesOf, toolOutput } from "./machine.ts";

type User = Answers["createUser"];
const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
const nothing = { processes: 0, shared: 0, home: false, account: false };
const without = (program: string) => !existsSync(program) && `${program} is not installed`;

suite("The proof of an end", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const linesOf = (user: User, action: string) =>
    fixture.helper.audit().filter((line) => line["action"] === action && line["user"] === user.name);
  const answersOf = (user: User) => linesOf(user, "swept").map(({ answer }) => String(answer));

  /** Ends the user; each time its sweep begins, up to `times`, starts a process of its uid, as a timed job would be. */
  async function deleteWithJobs({ client, user }: { client: Client; user: User }, times: number, lines: string) {
    const ending = client.request("deleteUser", { user: user.user });
    let over = false;
    void ending.finally(() => {
      over = true;
    });
    for (let started = 0; !over && started < times; await delay(2)) {
      if (linesOf(user, "sweep").length === started) continue;
      started += 1;
      const as = { uid: user.uid, gid: user.uid, cwd: "/", detached: true, stdio: "ignore" } as const;
      spawn("/bin/bash", ["-c", lines], as).unref();
    }
    return ending;
  }

  /** The shell of its first sweep, as soon as it is there: a sweep may be over before `ps` has listed all processes. */
  async function firstSweep(user: User): Promise<number> {
    const isIts = (pid: string): boolean => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`\0sweep\0${user.name}\0`);
      } catch {
        return false; // It has ended, or is no process.
      }
    };
    for (const until = performance.now() + 30_000; performance.now() < until; await delay(1)) {
      const pid = readdirSync("/proc").findLast(isIts);
      if (pid !== undefined) return Number(pid);
    }
    throw new Error("no sweep was seen");
  }

  /** So many files that a sweep takes its time. Those in the home are none that it counts as found. */
  async function userWithFiles(t: TestContext, where: "home" | "/tmp") {
    const own = await fixture.clientWithUser(t);
    const directory = where === "home" ? "." : "/tmp/tcw-$UID";
    await own.client.run(own.user.user, bash(`mkdir -p ${directory}; cd ${directory}; seq 20000 | xargs touch`));
    return own;
  }

  test("does not rest on a sweep during which a job of the user began: it is killed, and swept for again", async (t) => {
    const own = await userWithFiles(t, "home");
    const gone = await deleteWithJobs(own, 1, "exec sleep 300; :");
    assert.deepEqual([gone.state, gone.left], ["gone", nothing]);
    assert.ok(gone.found.processes >= 1);
    assert.equal(linesOf(own.user, "sweep").length, 2);
    assert.deepEqual(processesOf(own.user.uid), []);
  });

  test("does not rest on a sweep that something has ended before it could look", async (t) => {
    const { client, user } = await userWithFiles(t, "home");
    const ending = client.request("deleteUser", { user: user.user });
    process.kill(await firstSweep(user), "SIGKILL");
    const gone = await ending;
    assert.deepEqual([gone.state, gone.left], ["gone", nothing]);
    assert.doesNotMatch(answersOf(user)[0] ?? "", /looked/);
    assert.equal(linesOf(user, "sweep").length, 2);
  });

  test("finds what such a job has left behind the sweep's back", async (t) => {
    const own = await userWithFiles(t, "/tmp");
    const late = `/tmp/tcw-late-${own.user.uid}`;
    t.after(() => rmSync(late, { force: true }));
    const gone = await deleteWithJobs(own, 1, `while :; do echo x >>${late}; done`);
    assert.deepEqual([gone.state, gone.left], ["gone", nothing]);
    assert.equal(existsSync(late), false);
  });

  test("is given up after three sweeps when there is always something new, and the next task user is another one", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    // Root's own: what the user cannot remove is there at every look.
    mkdirSync(`${user.home}/mount`);
    toolOutput("/usr/bin/mount", "-t", "tmpfs", "none", `${user.home}/mount`);
    const gone = await client.request("deleteUser", { user: user.user });
    const graveyard = `/home/.taskcluster-worker-${fixture.helper.slice.name}`;
    for (const grave of readdirSync(graveyard)) toolOutput("/usr/bin/umount", `${graveyard}/${grave}/home/mount`);
    assert.deepEqual([gone.state, gone.left], ["quarantined", { processes: 0, shared: 1, home: true, account: true }]);
    assert.equal(linesOf(user, "sweep").length, 3);
    const next = await client.request("createUser", {});
    assert.notEqual(next.uid, user.uid);
    assert.equal((await client.request("deleteUser", { user: next.user })).state, "gone");
  });

  test("fails when something in shared places is left, although the home is gone: the uid is given to nobody", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const roots = `/tmp/tcw-root-${user.uid}`;
    mkdirSync(roots, { mode: 0o755 });
    t.after(() => rmSync(roots, { recursive: true }));
    writeFileSync(`${roots}/file`, "the task user's, in a directory of root's");
    chownSync(`${roots}/file`, user.uid, user.uid);
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left], ["quarantined", { processes: 0, shared: 1, home: false, account: true }]);
    assert.notEqual((await client.request("createUser", {})).uid, user.uid);
  });

  for (const [what, lines, program] of [
    ["a crontab", "echo '* * * * * true' | crontab -", "/usr/bin/crontab"],
    ["an at job", "echo true | at now + 1 day 2>/dev/null", "/usr/bin/at"],
  ] as const) {
    test(`takes a second sweep after ${what}, which may have begun something`, {
      skip: without(program),
    }, async (t) => {
      const { client, user } = await fixture.clientWithUser(t);
      assert.equal((await client.run(user.user, bash(lines))).exited.code, 0);
      const gone = await client.request("deleteUser", { user: user.user });
      assert.deepEqual([gone.state, gone.left, gone.found.shared], ["gone", nothing, 1]);
      assert.deepEqual(answersOf(user), ["found 1\nset-id 0\nleft 0\n", "found 0\nleft 0\nlooked\n"]);
      const spool = ["/var/spool/cron/crontabs", "/var/spool/cron/atjobs"].filter(existsSync);
      const jobs = spool.flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
      assert.deepEqual(
        jobs.filter((job) => job.includes(user.name) || readFileSync(job, "utf8").includes(user.name)),
        [],
      );
    });
  }

  test("takes one sweep after a task that left nothing", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, bash("echo x >file"));
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    assert.deepEqual(answersOf(user), ["found 0\nleft 0\nlooked\n"]);
  });

  test("empties a mailbox, though it lies in a directory of root's", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const mailbox = `/var/mail/${user.name}`;
    t.after(() => rmSync(mailbox));
    writeFileSync(mailbox, "From cron\n", { mode: 0o600 });
    chownSync(mailbox, user.uid, user.uid);
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left, gone.found.shared], ["gone", nothing, 1]);
    assert.equal(readFileSync(mailbox, "utf8"), "");
  });

  test("finds an IPC object that its creator has given to another uid", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const give = `my $q = msgget(0, 01600) // die; my $d = ""; msgctl($q, 2, $d) or die;
      substr($d, 4, 4) = pack("L", 4799); msgctl($q, 1, $d) or die $!`;
    assert.equal((await client.run(user.user, ["/usr/bin/perl", "-e", give])).exited.code, 0);
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left, gone.found.shared], ["gone", nothing, 1]);
    assert.ok(!/\s4799\s/.test(readFileSync("/proc/sysvipc/msg", "utf8")));
  });

  test("counts set-uid and set-gid files in shared places before they go", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const lines = "cd /tmp; for m in 4755 2755 755; do cp /bin/true tcw-$UID-$m; chmod $m tcw-$UID-$m; done";
    assert.equal((await client.run(user.user, bash(lines))).exited.code, 0);
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    assert.deepEqual(answersOf(user), ["found 3\nset-id 2\nleft 0\nlooked\n", "found 0\nleft 0\nlooked\n"]);
  });

  test("finds POSIX shared memory", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const { exited } = await client.run(user.user, bash("echo x >/dev/shm/tcw-$UID"));
    assert.equal(exited.code, 0);
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left, gone.found.shared], ["gone", nothing, 1]);
    assert.equal(existsSync(`/dev/shm/tcw-${user.uid}`), false);
  });

  test("is no proof when bash, or a tool of the sweep, cannot be started", () => {
    // The limit counts per uid: with 12 processes allowed and 11 there already, a pipeline of the sweep cannot fork.
    const sweep = readFileSync(new URL("../../helper/sweep.sh", import.meta.url), "utf8");
    const lines = `ulimit -u 12; for i in {1..10}; do setpriv --reuid 4797 --regid 4797 --clear-groups sleep 30 & done
      setpriv --reuid 4797 --regid 4797 --clear-groups timeout 25 /bin/bash --norc --noprofile -p -c "$1" sweep tcw-aaaaaaaa 4797
      kill %{1..10} 2>/dev/null; exit 0`;
    const { stdout } = spawnSync("/bin/bash", ["-c", lines, "lines", sweep], { encoding: "utf8" });
    assert.ok(!stdout.includes("looked"), stdout);
  });
});
