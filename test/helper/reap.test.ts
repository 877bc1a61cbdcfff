import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { path } from "./client.ts";
import { useHelper } from "./fixture.ts";
import { processesOf } from "./machine.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

suite("Signals to a task", { skip: needsRoot }, () => {
  const fixture = useHelper({ limits: { processes: 60, files: 256 } });

  test("reach every process of the command's group", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const started = await client.start(
      user.user,
      bash("trap 'wait; echo parent; exit 9' TERM; (trap 'echo child; exit' TERM; echo up; sleep 300 & wait) & wait"),
    );
    assert.deepEqual(await client.request("signal", { process: started.process, signal: "SIGTERM" }), {
      delivered: true,
    });
    assert.equal((await client.exited(started.process)).code, 9);
    assert.equal((await started.output.all).toString(), "up\nchild\nparent\n");
  });

  test("stop and continue it", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const started = await client.start(user.user, bash("echo up; sleep 0.1; echo on"));
    await client.request("signal", { process: started.process, signal: "SIGSTOP" });
    await client.request("signal", { process: started.process, signal: "SIGCONT" });
    assert.equal((await client.exited(started.process)).code, 0);
    assert.equal((await started.output.all).toString(), "up\non\n");
  });

  test("do not reach another command of the same user", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const [one, other] = [
      await client.start(user.user, bash("echo up; exec sleep 300")),
      await client.start(user.user, bash("echo up; read -t 0.2 <> <(:); echo on")),
    ];
    await client.request("signal", { process: one.process, signal: "SIGKILL" });
    await client.exited(one.process);
    assert.equal((await client.exited(other.process)).code, 0);
  });

  for (const [what, lines] of [
    ["a daemon that forked twice", "setsid bash -c 'sleep 300 & disown; exit' </dev/null >/dev/null 2>&1; echo up"],
    ["one that ignores every signal it can", "trap '' HUP INT QUIT TERM USR1; echo up; while :; do sleep 300; done"],
    ["one that is stopped", "sleep 300 & kill -STOP $!; echo up; kill -STOP $$"],
    ["one that stops everything it may, again and again", "echo up; sleep 0.3; while :; do kill -STOP -1; done"],
    [
      "several that stop everything they may",
      "echo up; sleep 0.3; for i in 1 2 3 4 5; do setsid bash -c 'while :; do kill -STOP -1; done' & done; wait",
    ],
    [
      "one that kills everything it may, again and again",
      "echo up; sleep 0.3; setsid bash -c 'while :; do kill -KILL -1; done' & wait",
    ],
    [
      "one that always forks and exits",
      `perl -e '$| = 1; print "up\\n"; my $end = time + 30; while (time < $end) { exit if fork; select undef, undef, undef, 0.01 }'`,
    ],
    ["a fork bomb", "bomb() { bomb | bomb & }; echo up; bomb 2>/dev/null"],
    ["one with a title that looks like ps", "exec -a $'1 0 0 0 S\\n1 0 0 0 S' bash -c 'echo up; sleep 300; :'"],
    [
      "one that starts new ones at its end",
      "trap '' TERM; f() { setsid bash -c 'sleep 0.01; f' & }; export -f f; echo up; f; sleep 300",
    ],
  ] satisfies [string, string][]) {
    test(`killUser ends ${what}, and the user can be used again`, async (t) => {
      const { client, user } = await fixture.clientWithUser(t);
      const started = await client.start(user.user, bash(lines));
      assert.equal(started.line, "up");
      const { killed } = await client.request("killUser", { user: user.user });
      assert.deepEqual(processesOf(user.uid), []);
      assert.ok(killed > 0 || what.startsWith("one that kills"), `${killed} killed`);
      await client.exited(started.process);
      assert.equal((await client.run(user.user, ["echo", "again"], { env: { PATH: path } })).output, "again\n");
      assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    });
  }

  test("killUser leaves the home and what is in it", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, bash("echo kept >file"));
    await client.request("killUser", { user: user.user });
    assert.equal((await client.run(user.user, ["cat", "file"])).output, "kept\n");
  });

  test("killUser does not touch another task user", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const other = await client.request("createUser", {});
    const running = await client.start(other.user, bash("echo up; exec sleep 300"));
    await client.request("killUser", { user: user.user });
    assert.ok(processesOf(other.uid).length > 0);
    assert.equal(
      client.messages.some(({ type }) => type === "exited"),
      false,
    );
    await client.request("signal", { process: running.process, signal: "SIGKILL" });
  });
});
