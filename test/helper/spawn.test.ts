import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { limits } from "../../shared/protocol/limits.ts";
import type { Answers } from "../../shared/protocol/messages.ts";
import { needsRoot } from "../root.ts";
import { type Client, path, rejectsWith } from "./client.ts";
import { shareUser } from "./fixture.ts";
import type { RealHelper } from "./real-helper.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

suite("A command of a task", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let client: Client;
  let user: Answers["createUser"];
  shareUser((seat) => {
    ({ helper, client, user } = seat);
  });

  test("has the task user's uid and gid as real, effective and saved ids, and no other group", async () => {
    const { output } = await client.run(user.user, [
      "/bin/grep",
      "-E",
      "^(Uid|Gid|Groups|Cap(Eff|Prm)):",
      "/proc/self/status",
    ]);
    const { uid } = user;
    const four = Array(4).fill(uid).join("\t");
    assert.equal(
      output.replaceAll(/ $/gm, ""),
      `Uid:\t${four}\nGid:\t${four}\nGroups:\t\nCapPrm:\t${"0".repeat(16)}\nCapEff:\t${"0".repeat(16)}\n`,
    );
  });

  test("ignores, blocks and catches no signal", async () => {
    const { output } = await client.run(user.user, ["/bin/cat", "/proc/self/status"]);
    const masks = output.match(/^Sig(Blk|Ign|Cgt):\t\w+$/gm);
    assert.deepEqual(
      masks,
      ["SigBlk", "SigIgn", "SigCgt"].map((name) => `${name}:\t${"0".repeat(16)}`),
    );
  });

  test("has descriptors 0, 1 and 2 and no others", async () => {
    const { output } = await client.run(
      user.user,
      bash("cd /proc/self/fd; for fd in *; do [[ -e $fd ]] && echo $fd; done"),
    );
    assert.deepEqual(output.trim().split("\n"), ["0", "1", "2"]);
  });

  test("has no terminal to read from or to push input into", async () => {
    const { output } = await client.run(user.user, bash("(: </dev/tty) 2>&1; ps -o tty= -p $$"));
    assert.match(output, /No such device or address\n\?/);
  });

  test("gets the environment that was asked for, and PWD and _ from the shell before it", async () => {
    const env = { PATH: path, FOO: "bar", EMPTY: "" };
    const { output } = await client.run(user.user, ["/usr/bin/env", "-0"], { env });
    const got = Object.fromEntries(
      output
        .split("\0")
        .filter(Boolean)
        .map((line) => line.split(/=(.*)/s, 2)),
    );
    assert.deepEqual(got, { ...env, PWD: user.home, _: "/usr/bin/env" });
  });

  test("gets quotes, newlines, dollars, backslashes and other scripts in env and argv as they are", async () => {
    const odd = [
      "it's",
      'a "b" c',
      "two\nlines\n",
      "$HOME `id` $(id) $" + "{x}",
      "\\ \\n \\'",
      "日本語 🦊",
      "",
      " * ? ~",
      "-n",
      "\u0001\u007f\u0085",
    ];
    const env = Object.fromEntries([["PATH", path], ...odd.map((text, index) => [`V${index}`, text])]);
    const names = odd.map((_, index) => `"$V${index}"`).join(" ");
    const { output } = await client.run(user.user, [...bash(`printf '%s\\0' "$@" ${names}`), "x", ...odd], { env });
    assert.deepEqual(output.split("\0").slice(0, -1), [...odd, ...odd]);
  });

  test("gets NODE_OPTIONS only when it was asked for", async () => {
    const { output } = await client.run(user.user, ["/usr/bin/env"]);
    assert.doesNotMatch(output, /NODE_OPTIONS/);
    const asked = await client.run(user.user, bash("echo $NODE_OPTIONS"), { env: { NODE_OPTIONS: "--no-warnings" } });
    assert.equal(asked.output, "--no-warnings\n");
  });

  test("gets one string as long as the protocol allows", async () => {
    const LONG = "x".repeat(limits.stringBytes);
    const { output } = await client.run(user.user, bash("printf %s $LONG | wc -c"), { env: { LONG } });
    assert.equal(output, `${limits.stringBytes}\n`);
  });

  test("is found in the PATH of its own environment", async () => {
    await client.run(user.user, bash("mkdir bin && printf '#!/bin/sh\necho mine\n' >bin/tool && chmod +x bin/tool"));
    const { output } = await client.run(user.user, ["tool"], { env: { PATH: `${user.home}/bin` } });
    assert.equal(output, "mine\n");
  });

  const meaningful = [
    "BASH_ENV",
    "ENV",
    "IFS",
    "GLOBIGNORE",
    "POSIXLY_CORRECT",
    "BASH_XTRACEFD",
    "PS4",
    "TMOUT",
    "CDPATH",
  ];
  const ordinary = [
    "LD_LIBRARY_PATH",
    "__proto__",
    "exports",
    "code",
    "fd",
    "LC_ALL",
    "SHLVL",
    "OLDPWD",
    "PWD",
    "SECONDS",
  ];
  for (const name of [...meaningful, ...ordinary]) {
    test(`gets ${name} as it was asked for`, async () => {
      const env: Record<string, string> = JSON.parse(`{"PATH":"${path}","${name}":"3"}`);
      const { output } = await client.run(user.user, ["/usr/bin/printenv", name], { env });
      assert.equal(output.split("\n").at(-2), "3");
    });
  }

  const madeUpByBash = [
    "RANDOM",
    "LINENO",
    "EPOCHSECONDS",
    "BASHPID",
    "GROUPS",
    "FUNCNAME",
    "DIRSTACK",
    "_",
    "BASH_ARGV0",
  ];
  test("has the same ids and the same report whatever its environment says", async () => {
    for (const name of [...meaningful, ...ordinary, ...madeUpByBash]) {
      const env: Record<string, string> = JSON.parse(`{"PATH":"${path}","${name}":"3"}`);
      const { output, exited } = await client.run(user.user, ["/bin/sh", "-c", "id -ru; id -rg; exit 4"], { env });
      assert.ok(output.endsWith(`${user.uid}\n${user.uid}\n`), `${name}: ${output}`);
      assert.equal(exited.code, 4, name);
    }
  });

  test("starts in its home, or where the request says", async () => {
    assert.equal((await client.run(user.user, bash("pwd"))).output, `${user.home}\n`);
    assert.equal((await client.run(user.user, bash("pwd"), { cwd: "/var/tmp" })).output, "/var/tmp\n");
  });

  test("has a home that nobody else can look into", async () => {
    const { output } = await client.run(user.user, bash(`stat -c '%a %u %g' "$PWD"; stat -c '%a %u %g' ..`));
    assert.equal(output, `700 ${user.uid} ${user.uid}\n710 0 ${user.uid}\n`);
  });

  test("has the umask and limits of helper.json, soft and hard, and makes no core file", async () => {
    const { output } = await client.run(
      user.user,
      bash("umask; ulimit -Sn; ulimit -Hn; ulimit -Su; ulimit -Hu; ulimit -Hc"),
    );
    assert.deepEqual(output.trim().split("\n"), ["0022", "4096", "4096", "2000", "2000", "0"]);
  });

  for (const [what, argv, cwd] of [
    ["that is not in the PATH", ["nosuch"]],
    ["that does not exist", ["/nosuch"]],
    ["that is not executable", ["/etc/passwd"]],
    ["that is a directory", ["/tmp"]],
    ["without a name", [""]],
    ["in a directory that does not exist", ["/bin/true"], "/nosuch"],
    ["in a directory that the user may not enter", ["/bin/true"], "/root"],
  ] satisfies [string, string[], string?][]) {
    test(`${what} ends with neither code nor signal`, async () => {
      const { exited, output } = await client.run(user.user, argv, cwd ? { cwd } : {});
      assert.deepEqual([exited.code, exited.signal, output], [null, null, ""]);
    });
  }

  for (const code of [0, 1, 3, 126, 127, 255]) {
    test(`that ends with ${code} is reported so`, async () => {
      const { exited } = await client.run(user.user, bash(`exit ${code}`));
      assert.deepEqual([exited.code, exited.signal], [code, null]);
    });
  }

  test("that a signal ends is reported as 128 and the signal's number, as shells do", async () => {
    assert.equal((await client.run(user.user, bash("kill -9 $$"))).exited.code, 137);
    assert.equal((await client.run(user.user, bash("kill -TERM $$"))).exited.code, 143);
  });

  test("that kills the shell before it is reported as killed by that signal", async () => {
    const { exited } = await client.run(user.user, bash("kill -9 $PPID"));
    assert.deepEqual([exited.code, exited.signal], [null, "SIGKILL"]);
  });

  test("reports the processor time that it and its children took", async () => {
    const { exited } = await client.run(user.user, bash("(for ((i = 0; i < 60000; i++)); do :; done)"));
    assert.ok(exited.userMs > 20 && exited.userMs < 20_000, `${exited.userMs} ms`);
  });

  test("cannot reach the helper's socket, its state or its logs", async () => {
    const { logs, private: secret } = helper.places;
    const reach = `perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un("${helper.socketPath}")) or print "$!\n"'`;
    const { output } = await client.run(user.user, bash(`${reach}; cat ${secret}/journal ${logs}/audit.log 2>&1`));
    assert.equal(output.match(/Permission denied/g)?.length, 3, output);
  });

  test("with the graphics session is refused, because helper.json does not allow it", async () => {
    await rejectsWith(
      client.request("spawn", { user: user.user, argv: ["true"], env: {}, graphical: true }),
      "not-allowed",
    );
  });

  test("sends one exited event, after its answer", async () => {
    const { process } = await client.request("spawn", { user: user.user, argv: ["/bin/true"], env: {} });
    await client.exited(process);
    const about = client.messages.filter(
      ({ type, data }) => JSON.stringify(data).includes(process) && (type === "answer" || type === "exited"),
    );
    assert.deepEqual(
      about.map(({ type }) => type),
      ["answer", "exited"],
    );
  });

  test("keeps the connection that started it open for other requests", async () => {
    const running = await client.start(user.user, bash("echo up; exec sleep 300"));
    assert.equal((await client.run(user.user, bash("echo second"))).output, "second\n");
    await client.request("signal", { process: running.process, signal: "SIGKILL" });
    await client.exited(running.process);
    assert.equal((await running.output.all).toString(), "up\n");
  });
});
