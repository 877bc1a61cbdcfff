import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { path as toolPath } from "../helper/client.ts";
import { useHelper } from "../helper/fixture.ts";
import { processesOf } from "../helper/machine.ts";
import { eventually } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";
import { rounds, siblingIn } from "./rounds.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
const nothing = { processes: 0, shared: 0, home: false, account: false };

/** Swaps $ARGV[0] and $ARGV[1] with renameat2(EXCHANGE), as fast as it can, for 20 s at most. */
const swap = `$| = 1; print "up\\n"; my $end = time + 20; my ($a, $b) = @ARGV;
  while (time < $end) { syscall(316, -100, $a, -100, $b, 2) for 1..1000 }`;

suite("What a task does to the deletion of its files", { skip: needsRoot }, () => {
  const fixture = useHelper();

  /** A directory of root's with files in it, outside of every task, and what it looks like. */
  function canary(t: TestContext): { path: string; look(): unknown } {
    const path = mkdtempSync("/home/canary-"); // On the volume of the homes, or no hard link could lead to it.
    t.after(() => rmSync(path, { recursive: true, force: true }));
    for (let file = 0; file < 40; file += 1) writeFileSync(join(path, `f${file}`), "kept", { mode: 0o600 });
    chmodSync(path, 0o755);
    const look = (): unknown =>
      [".", ...readdirSync(path).sort()].map((name) => {
        const { uid, gid, mode, nlink } = lstatSync(join(path, name));
        return [name, uid, gid, mode, name === "." || nlink, name === "." || readFileSync(join(path, name), "utf8")];
      });
    return { path, look };
  }

  test("a task swaps a directory for a link while its files are deleted: nothing outside is deleted or changed", async (t) => {
    const { path, look } = canary(t);
    const before = look();
    const { client, user: first } = await fixture.clientWithUser(t);
    let sibling = first;
    for (let round = 0; round < rounds; round += 1) {
      sibling = await siblingIn(round, client, sibling);
      const user = await client.request("createUser", {});
      const tree = `mkdir -m 777 tree tree/d; (cd tree/d; touch f{0..39}); ln -s ${path} tree/l`;
      await client.run(user.user, bash(`${tree}; cd /tmp; mkdir -m 777 x$UID; cd x$UID; ${tree}; chmod -R 777 .`));
      const places = [`/tmp/x${user.uid}/tree`, `${user.home}/tree`];
      const own = await client.start(user.user, ["/usr/bin/perl", "-e", swap, `${places[1]}/d`, `${places[1]}/l`]);
      const its = await client.start(sibling.user, ["/usr/bin/perl", "-e", swap, `${places[0]}/d`, `${places[0]}/l`]);
      assert.deepEqual([own.line, its.line], ["up", "up"]);
      const gone = await client.request("deleteUser", { user: user.user });
      assert.deepEqual([gone.state, gone.left], ["gone", nothing], `round ${round}`);
      await client.request("signal", { process: its.process, signal: "SIGKILL" });
      await client.exited(its.process);
      assert.deepEqual(look(), before, `round ${round}`);
    }
  });

  test("a task opens its home to all and a sibling moves in: the sibling stays out, and the home is removed", async (t) => {
    const { client, user: first } = await fixture.clientWithUser(t);
    let sibling = first;
    for (let round = 0; round < rounds; round += 1) {
      sibling = await siblingIn(round, client, sibling);
      const user = await client.request("createUser", {});
      await client.run(user.user, bash("chmod 777 ~ .; mkdir -m 777 open; echo secret >open/file"));
      const moveIn = `$| = 1; print "up\\n"; my $end = time + 20; my $h = shift; my $in = 0;
        while (time < $end) { mkdir("$h/in$in") and $in++; open(my $f, ">>", "$h/open/file") and $in++ }`;
      const moving = await client.start(sibling.user, ["/usr/bin/perl", "-e", moveIn, user.home]);
      const look = await client.run(sibling.user, bash(`ls ${user.home}; cat ${user.home}/open/file`));
      assert.equal(look.output.match(/Permission denied/g)?.length, 2, look.output);
      const gone = await client.request("deleteUser", { user: user.user });
      assert.deepEqual([gone.state, gone.left], ["gone", nothing], `round ${round}`);
      await client.request("signal", { process: moving.process, signal: "SIGKILL" });
      await client.exited(moving.process);
    }
  });

  test("a hard link to a file of root's lies in a task's home and in /tmp: the file keeps owner, mode and content, and is not read", async (t) => {
    const { path, look } = canary(t);
    const before = look();
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, bash("mkdir dir"));
    // A Mac lets a task make these itself. Root makes them here, so that no kernel setting has to be touched.
    for (const at of ["link", "dir/link"]) linkSync(join(path, "f1"), join(user.home, at));
    const { output } = await client.run(user.user, bash("cat link dir/link; chmod 777 link; echo x >>link"));
    assert.equal(output.match(/Permission denied|not permitted/g)?.length, 4, output);
    assert.doesNotMatch(output, /kept/);
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left], ["gone", nothing]);
    assert.deepEqual(look(), before);
  });

  test("a uid is used again at once, after a task that forks, detaches, hides and stops everything: nothing of it is left", async (t) => {
    const client = await fixture.client(t);
    fixture.helper.modes("tcc=denied\n"); // The account cannot be deleted: the next task gets it, and its uid.
    t.after(() => fixture.helper.modes(""));
    const hide = `for d in /tmp /var/tmp /dev/shm; do echo mine >$d/mine-$UID; done; echo mine >file; mkfifo fifo; ipcmk -M 4096 >/dev/null
      for i in 1 2 3; do setsid bash -c 'until [[ -e go ]]; do sleep 0.01; done; while :; do kill -STOP -1; done' & done
      setsid perl -e '$SIG{$_} = "IGNORE" for qw(TERM HUP INT); my $end = time + 20; while (time < $end) { exit if fork; select undef, undef, undef, 0.005 }' &
      setsid bash -c 'trap "" TERM HUP; while :; do sleep 0.01 & done' &
      >go; sleep 300`;
    const look =
      "ls -A; find /tmp /var/tmp /dev/shm -user $UID 2>/dev/null; ipcs -m | grep -c $USER; ps -o stat=,comm= -U $UID | grep -c '^[^Z].* sleep'";
    let last: number | undefined;
    for (let round = 0; round < rounds; round += 1) {
      const user = await client.request("createUser", {});
      if (last !== undefined) assert.equal(user.uid, last, "the uid is used again");
      last = user.uid;
      const clean = await client.run(user.user, bash(look), { env: { PATH: "/usr/bin:/bin", USER: user.name } });
      assert.equal(clean.output, "0\n0\n", `round ${round}`);
      // Nothing that it prints is waited for: what passes its output on may have been stopped too.
      await client.request("spawn", { user: user.user, argv: bash(hide), env: { PATH: toolPath } });
      await eventually(() => existsSync(join(user.home, "go")), "all of it runs");
      const gone = await client.request("deleteUser", { user: user.user });
      assert.deepEqual([gone.state, gone.left], ["resting", { ...nothing, account: true }], `round ${round}`);
      assert.deepEqual(processesOf(user.uid), []);
    }
  });
});
