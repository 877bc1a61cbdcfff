import assert from "node:assert/strict";
import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { path } from "../helper/client.ts";
import { useHelper } from "../helper/fixture.ts";
import { needsRoot } from "../root.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
const hostile = {
  ...{
    BASH_ENV: "/tmp/evil",
    ENV: "/tmp/evil",
    PS4: "$(id >/tmp/evil)",
    IFS: "/",
    PERL5OPT: "-Mevil",
    SHELLOPTS_: "xtrace",
  },
  ...{ NODE_OPTIONS: "--require=/tmp/evil.js", LD_PRELOAD_: "/tmp/evil.so", DYLD_INSERT_LIBRARIES: "/tmp/evil.dylib" },
  ...{ PYTHONSTARTUP: "/tmp/evil.py", GCONV_PATH: "/tmp", TZ: "/tmp/evil", LC_ALL: "evil", GLOBIGNORE: "*" },
};

suite("With a hostile environment, an agent", { skip: needsRoot }, () => {
  const fixture = useHelper();

  test("asks for variables that programs obey: none reaches a program of root's, which have a constant environment and cwd", async (t) => {
    const { dsclDir } = fixture.helper;
    const [program, seen] = [join(dsclDir, "dscl"), join(dsclDir, "seen")];
    writeFileSync(seen, "");
    renameSync(program, join(dsclDir, "real"));
    const look = `{ tr '\\0' '|' </proc/$$/environ; echo "\${PWD} $(umask)"; } >>${seen}`;
    writeFileSync(program, `#!/bin/bash\n${look}\nexec ${join(dsclDir, "real")} "$@"\n`, { mode: 0o755 });
    chmodSync(program, 0o755);
    t.after(() => renameSync(join(dsclDir, "real"), program));
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, ["/bin/true"], { env: { PATH: path, ...hostile } });
    await client.request("deleteUser", { user: user.user });
    const lines = readFileSync(seen, "utf8").trim().split("\n");
    assert.ok(lines.length > 20);
    for (const line of lines) {
      // NODE_OPTIONS holds the helper's own permission flags: Node gives them to every child.
      const constant = /^PATH=\/usr\/bin:\/bin:\/usr\/sbin:\/sbin\|LC_ALL=C\|TZ=UTC\|(NODE_OPTIONS=[^|]*\|)?\/ 0077$/;
      assert.match(line, constant);
      assert.doesNotMatch(line, /evil/);
    }
  });

  test("asks for variables that shells obey: the shell between root and the task was started without them", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const look = "tr '\\0' '\\n' </proc/$PPID/environ | cut -d= -f1";
    const { output } = await client.run(user.user, bash(look), { env: { PATH: path, ...hostile, LC_ALL: "C" } });
    assert.match(output, /^(NODE_OPTIONS\n)?$/);
  });

  test("asks for a command that looks like options, a builtin or a line of shell: it is looked up as a program and nothing else", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    for (const argv of [
      ["-c", "id"],
      ["--rcfile", "/etc/passwd"],
      ["--"],
      ["exit", "0"],
      ["eval", "id"],
      ["id; id"],
      ["$(id)"],
    ]) {
      const { exited, output } = await client.run(user.user, argv);
      assert.deepEqual([exited.code, exited.signal, output], [null, null, ""], argv.join(" "));
    }
    const { output } = await client.run(user.user, ["/usr/bin/id", "-u"]);
    assert.equal(output, `${user.uid}\n`);
  });
});
