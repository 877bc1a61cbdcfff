import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, suite, type TestContext, test } from "node:test";
import { stateRoot } from "../../helper/places.ts";
import { PROTOCOL } from "../../shared/protocol/limits.ts";
import type { Answers } from "../../shared/protocol/messages.ts";
import { needsRoot } from "../root.ts";
import { Client, path, rejectsWith } from "./client.ts";
import { useHelper } from "./fixture.ts";
import { GraphicsSession, type Mode, sessionUid, sessionUser } from "./graphics-session.ts";
import { accountOf, processesOf, toolOutput } from "./machine.ts";
import { eventually } from "./wait.ts";

suite("A command in the graphics session", { skip: needsRoot }, () => {
  let session: GraphicsSession | undefined;
  const made = (): GraphicsSession => {
    if (session) return session;
    mkdirSync(stateRoot, { recursive: true });
    session = new GraphicsSession();
    return session;
  };
  const fixture = useHelper(() => ({ graphical: true, sessionUser, launchctl: made().launchctl }));
  after(() => session?.remove());

  function mode(t: TestContext, mode: Mode): void {
    made().mode(mode);
    t.after(() => made().mode(""));
  }

  const graphical = { graphical: true, env: { PATH: path } } as const;

  async function twoUsers(t: TestContext): Promise<{ client: Client; one: User; other: User }> {
    const { client, user } = await fixture.clientWithUser(t);
    return { client, one: user, other: await client.request("createUser", {}) };
  }
  type User = Answers["createUser"];

  test("is started by launchctl for the session's account, then by perl that becomes the task user", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, ["/bin/echo", "secret"], { ...graphical, env: { PATH: path, WORD: "secret" } });
    const [call] = made().calls("asuser").slice(-1);
    assert.ok(call);
    const [verb, uid, env, only, perl, option, lines, become, bash, ...rest] = call.argv;
    assert.deepEqual([verb, uid, env, only], ["asuser", `${sessionUid}`, "/usr/bin/env", "-i"]);
    assert.deepEqual([perl, option], ["/usr/bin/perl", "-e"]);
    assert.match(`${lines}`, /^my \$u = shift; .*syswrite H, "\\n" and \(\$<, \$>\) = \(\$u, \$u\); .* exec /);
    assert.deepEqual(
      [become, bash, ...rest.slice(0, 4)],
      [`${user.uid}`, "/bin/bash", "--norc", "--noprofile", "-p", "-c"],
    );
    assert.deepEqual(rest.slice(-2), ["/bin/echo", "secret"]);
  });

  test("is started by programs that get no variable of it, with its group and no other", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, ["/bin/true"], {
      ...graphical,
      env: { PATH: "/nosuch", PERL5OPT: "-d", PERL5LIB: "." },
    });
    const [call] = made().calls("asuser").slice(-1);
    assert.deepEqual(
      Object.keys(call?.env ?? {}).filter((name) => name !== "NODE_OPTIONS"),
      [],
    );
    assert.deepEqual([Number(call?.uid), `${call?.groups}`.split(" ")[0]], [0, `${user.uid}`]);
  });

  for (const [how, how2] of [
    ["becomes it", ""],
    ["waits for it", "forks"],
  ] satisfies [string, Mode][]) {
    test(`has the task user's ids for good, three descriptors and the session, when launchctl ${how}`, async (t) => {
      mode(t, how2);
      const { client, user } = await fixture.clientWithUser(t);
      const lines = [
        "grep -E '^(Uid|Gid|Groups|CapPrm|CapEff|SigBlk|SigIgn):' /proc/self/status",
        "cd /proc/self/fd; for fd in *; do [[ -e $fd ]] && echo $fd; done; echo in $(ulimit -q) as $HOME; exit 7",
      ];
      const env = { PATH: path, HOME: user.home };
      const argv = ["/bin/bash", "-c", lines.join("\n")];
      const { output, exited } = await client.run(user.user, argv, { ...graphical, env });
      const four = Array(4).fill(user.uid).join("\t");
      const none = "0".repeat(16);
      assert.deepEqual(output.replaceAll(/ $/gm, "").split("\n"), [
        ...[`Uid:\t${four}`, `Gid:\t${four}`, "Groups:\t", `SigBlk:\t${none}`, `SigIgn:\t${none}`],
        ...[`CapPrm:\t${none}`, `CapEff:\t${none}`, "0", "1", "2", `in ${sessionUid} as ${user.home}`, ""],
      ]);
      assert.deepEqual([exited.code, exited.signal], [7, null]);
    });
  }

  test("has no variable that launchctl adds, and perl none that it would obey as root", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const env = { PATH: path, WORD: "asked for" };
    const { output } = await client.run(user.user, ["/usr/bin/env"], { ...graphical, env });
    const own = /^(PWD|_|NODE_V8_COVERAGE)=/; // bash's, and what a measured run hands on to each process.
    const lines = output.split("\n").filter((line) => line !== "" && !own.test(line));
    assert.deepEqual(lines.sort(), [`PATH=${path}`, "WORD=asked for"]);
  });

  test("that nobody waits for ends as root, whatever process has the number of the helper", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, ["/bin/true"], graphical);
    const [line = ""] = made().calls("asuser").at(-1)?.argv.slice(6) ?? [];
    const { argv, mark } = marker(t);
    const end = (descriptor: string): void => {
      const lines = `exec 3${descriptor}; wait $!; exec /usr/bin/perl -e "$@"`;
      toolOutput("/bin/bash", "-c", `(${lines}) || :`, "bash", line, `${user.uid}`, ...argv);
    };
    end("> >(exit)");
    assert.equal(existsSync(mark), false);
    end("> >(exec /bin/cat >/dev/null); : & disown");
    assert.equal(statSync(mark).uid, user.uid, "and becomes it otherwise");
  });

  test("has no variable that Apple's perl, which stands before the real one, may set", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, ["/bin/true"], graphical);
    const [line = ""] = made().calls("asuser").at(-1)?.argv.slice(6) ?? [];
    const lines = 'exec 3> >(exec /bin/cat >/dev/null); export VERSIONER_PERL_VERSION=5; exec /usr/bin/perl -e "$@"';
    assert.equal(toolOutput("/bin/bash", "-c", lines, "bash", line, `${user.uid}`, "/usr/bin/env"), "");
  });

  test("reads its stdin", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const [stdin, output] = [await client.attach(), await client.attach()];
    const tickets = { stdin: stdin.ticket, output: output.ticket };
    await client.request("spawn", { user: user.user, argv: ["/bin/cat"], ...graphical, ...tickets });
    stdin.socket.end("seen");
    assert.equal((await output.all).toString(), "seen");
  });

  test("that launchctl does not start ends with neither code nor signal", async (t) => {
    mode(t, "fails");
    const { client, user } = await fixture.clientWithUser(t);
    const { exited } = await client.run(user.user, ["/bin/true"], graphical);
    assert.deepEqual([exited.code, exited.signal], [null, null]);
  });

  test("is for as many task users as hello says", async (t) => {
    const client = await Client.open(fixture.helper.socketPath);
    t.after(() => client.close());
    assert.equal((await client.request("hello", { protocol: PROTOCOL })).limits.maxGraphical, 1);
  });

  test("is for one task user at a time, and holds up no other command", async (t) => {
    const { client, one, other } = await twoUsers(t);
    await client.run(one.user, ["/bin/true"], graphical);
    await client.run(one.user, ["/bin/true"], graphical);
    await rejectsWith(client.request("spawn", { user: other.user, argv: ["true"], ...graphical }), "graphics-full");
    assert.equal((await client.run(other.user, ["echo", "beside"])).output, "beside\n");
  });

  for (const [how, end] of [
    ["killed", async (client: Client, { user }: User) => client.request("killUser", { user })],
    ["deleted", async (client: Client, { user }: User) => client.request("deleteUser", { user })],
  ] satisfies [string, (client: Client, user: User) => Promise<unknown>][]) {
    test(`is for another task user when the one before was ${how}`, async (t) => {
      const { client, one, other } = await twoUsers(t);
      await client.run(one.user, ["/bin/true"], graphical);
      await end(client, one);
      assert.equal((await client.run(other.user, ["echo", "next"], graphical)).output, "next\n");
    });
  }

  test("is for another agent's task user when the one before has lost its connection", async (t) => {
    const first = await fixture.clientWithUser(t);
    await first.client.start(first.user.user, ["/bin/sh", "-c", "echo up; sleep 300"]);
    await first.client.request("spawn", { user: first.user.user, argv: ["/bin/sleep", "300"], ...graphical });
    await first.client.close();
    await fixture.helper.idle();
    const { client, user } = await fixture.clientWithUser(t);
    assert.equal((await client.run(user.user, ["echo", "next"], graphical)).output, "next\n");
  });

  for (const [what, how] of [
    ["has been stopped on its way there", "stands"],
    ["goes on without launchctl", "forks-late"],
  ] satisfies [string, Mode][]) {
    test(`is ended with its user when it is still root's and ${what}`, async (t) => {
      mode(t, how);
      const { client, user } = await fixture.clientWithUser(t);
      const before = made().calls("asuser").length;
      const asked = { user: user.user, argv: ["/bin/sleep", "300"], ...graphical };
      const { process } = await client.request("spawn", asked);
      await eventually(() => made().calls("asuser").length > before, "launchctl has been asked");
      await client.request("killUser", { user: user.user });
      assert.deepEqual(processesOf(user.uid), []);
      assert.equal((await client.exited(process)).code, null, "before the kill was answered");
      assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    });
  }

  /** A command that leaves a mark, and what tells when nothing of the way to it is left. */
  function marker(t: TestContext): { argv: string[]; mark: string; over: () => Promise<void> } {
    const mark = join(mkdtempSync("/tmp/graphics-"), "mark");
    t.after(() => rmSync(dirname(mark), { recursive: true }));
    chmodSync(dirname(mark), 0o777);
    const lines = (): string => toolOutput("/bin/ps", "-axwwo", "args=");
    return {
      argv: ["/usr/bin/touch", mark],
      mark,
      over: () => eventually(() => !lines().includes(mark), "it is over"),
    };
  }

  test("that was on its way when the helper was killed never becomes the task user, who is gone by then", async (t) => {
    mode(t, "forks-last");
    const { client, user } = await fixture.clientWithUser(t);
    const { argv, mark, over } = marker(t);
    const before = made().calls("asuser").length;
    await client.request("spawn", { user: user.user, argv, cwd: "/", ...graphical });
    await eventually(() => made().calls("asuser").length > before, "launchctl has been asked");
    await fixture.helper.kill();
    await fixture.helper.restart();
    await over();
    assert.equal(existsSync(mark), false);
    assert.equal(accountOf("passwd", user.uid), undefined);
  });

  test("is ended with its user when it is still root's and the agent has stopped all of it", async (t) => {
    mode(t, "forks-last");
    const { client, user } = await fixture.clientWithUser(t);
    const before = made().calls("asuser").length;
    const { argv, over } = marker(t);
    const { process } = await client.request("spawn", { user: user.user, argv, ...graphical });
    await eventually(() => made().calls("asuser").length > before, "launchctl has been asked");
    assert.deepEqual(await client.request("signal", { process, signal: "SIGSTOP" }), { delivered: true });
    await client.request("killUser", { user: user.user });
    await over();
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
  });

  test("comes after a kill that takes launchd's jobs of the user away", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.request("killUser", { user: user.user });
    assert.deepEqual(made().calls("bootout").at(-1)?.argv, ["bootout", `user/${user.uid}`]);
  });

  test("is written to the audit log as one", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, ["/bin/true"]);
    await client.run(user.user, ["/bin/true"], graphical);
    const spawned = fixture.helper.audit().filter((line) => line["action"] === "spawn" && line["user"] === user.name);
    assert.deepEqual(
      spawned.map((line) => line["graphical"] ?? false),
      [false, true],
    );
  });
});
