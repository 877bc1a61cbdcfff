/**
 * Descriptor 3 of become-user.sh, on which the shell before a command tells the helper how it ended. A task runs under
 * the same uid as that shell, so it may lie about its own end. It must not be able to say anything else.
 */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Answers } from "../../shared/protocol/messages.ts";
import { type Client, path } from "../helper/client.ts";
import { shareUser } from "../helper/fixture.ts";
import { needsRoot } from "../root.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

/** Takes descriptor 3 out of process ARGV[0] and writes ARGV[1] to it. Prints "taken", or why it could not. */
const steal = `perl -e '
  my $process = syscall(434, $ARGV[0] + 0, 0);
  my $fd = syscall(438, $process, 3, 0);
  if ($fd < 0) { print "$!\\n"; exit }
  open(my $report, ">&=", $fd); syswrite $report, "$ARGV[1]\n"; print "taken\\n"'`;
/** With the capabilities of a debugger this works; a kernel with yama refuses it. Both are right. */
const tried = /^(taken|Operation not permitted)\n/;

suite("A task that attacks the report of its own end", { skip: needsRoot }, () => {
  let client: Client;
  let user: Answers["createUser"];
  let other: Answers["createUser"];
  shareUser((seat) => {
    ({ client, user } = seat);
  });
  before(async () => {
    other = await client.request("createUser", {});
  });

  test("finds the channel neither in its command nor in a child of it", async () => {
    const { exited, output } = await client.run(
      user.user,
      bash(
        "echo 'exit 0' >&3; (echo 'exit 0' >&3); for fd in {3..255}; do echo 'exit 0' >&$fd; done 2>/dev/null; exit 7",
      ),
    );
    assert.equal(exited.code, 7);
    assert.match(output, /3: Bad file descriptor/);
  });

  test("cannot open it through /proc or /dev/fd of the shell that holds it", async () => {
    const { exited, output } = await client.run(
      user.user,
      bash("for fd in /proc/$PPID/fd/*; do echo 'exit 0' >$fd; done; exit 7"),
    );
    assert.equal(exited.code, 7);
    assert.match(output, /fd\/3: (No such device or address|Permission denied)/);
  });

  for (const builtin of ["eval", "printf", "exec", "exit", "source", "kill", "enable", "builtin"]) {
    test(`runs its own program named ${builtin}, not the builtin of the shell that holds the channel`, async () => {
      const lines = `mkdir -p bin; printf '#!/bin/sh\\necho program $PPID "$@"; exit 5\\n' >bin/${builtin}; chmod +x bin/${builtin}`;
      assert.equal((await client.run(user.user, bash(lines))).exited.code, 0);
      const report = `printf 'exit 0\\n' >&10; printf 'exit 0\\n' >&11; exit 0`;
      const { exited, output } = await client.run(user.user, [builtin, report], { env: { PATH: `bin:${path}` } });
      assert.match(output, /^program \d+ printf/);
      assert.equal(exited.code, 5);
    });
  }

  for (const [what, report] of [
    ["a code that no process has", "exit 999\\n"],
    ["times beyond all numbers", `exit 0\\n0m0.0s 0m0.0s\\n${"9".repeat(3000)}m0.0s ${"9".repeat(3000)}m0.0s\\n`],
    ["times beyond what is exact", `exit 0\\n0m0.0s 0m0.0s\\n${"9".repeat(12)}m${"9".repeat(99)}.0s 0m0.0s\\n`],
    ["ten thousand lines", "$(seq 10000)"],
    ["control characters", "exit 0\\n\\f{}\\f\\e[2J"],
  ] satisfies [string, string][]) {
    test(`that writes ${what} into it gets no message past the schema, and the agent goes on`, async () => {
      const { exited, output } = await client.run(user.user, bash(`${steal} $PPID "$(printf "${report}")"; exit 7`));
      assert.match(output, tried);
      assert.ok((exited.code ?? 0) <= 255, `${exited.code}`);
      assert.equal((await client.run(user.user, ["/bin/echo", "on"])).output, "on\n");
    });
  }

  test("and says that it succeeded has lied about nothing but its own code", async () => {
    const honest = await client.start(other.user, bash("echo up; sleep 0.3; exit 9"));
    const liar = await client.run(user.user, bash(`${steal} $PPID 'exit 0'; exit 7`));
    assert.equal(liar.exited.code, liar.output.startsWith("taken") ? 0 : 7);
    assert.equal((await client.exited(honest.process)).code, 9);
  });

  test("of another task user gets at neither shell nor channel", async () => {
    const victim = await client.start(other.user, bash("echo up; read -t 1 <> <(:); exit 9"));
    const { output } = await client.run(user.user, bash(`${steal} ${victim.pid} 'exit 0'; kill -9 ${victim.pid}`));
    assert.match(output, /^Operation not permitted\n/);
    assert.equal((await client.exited(victim.process)).code, 9);
  });

  test("and ends the shell by a signal that has no name is reported without code and signal", async () => {
    const { exited } = await client.run(user.user, bash("kill -40 $PPID"));
    assert.deepEqual([exited.code, exited.signal], [null, null]);
    assert.equal((await client.run(user.user, ["/bin/echo", "on"])).output, "on\n");
  });

  test("and ends the relay of its own output loses that output and nothing else", async () => {
    const honest = await client.start(other.user, bash("echo up; sleep 0.3; echo kept"));
    const killer = await client.run(user.user, bash("pkill -9 -u $UID -x cat; sleep 0.1; echo lost; exit 3"));
    assert.deepEqual([killer.exited.signal, killer.output], [null, ""]);
    await client.exited(honest.process);
    assert.equal((await honest.output.all).toString(), "up\nkept\n");
  });
});
