/** The constant lines of bash before every command, attacked through all that an agent can put into a request. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Answers } from "../../shared/protocol/messages.ts";
import { readOnlyNames } from "../../shared/protocol/schemas.ts";
import { Client, path } from "../helper/client.ts";
import { shareUser } from "../helper/fixture.ts";
import type { RealHelper } from "../helper/real-helper.ts";
import { within } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

suite("The lines before a command", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let client: Client;
  let user: Answers["createUser"];
  shareUser((seat) => {
    ({ helper, client, user } = seat);
  });
  before(async () => {
    await client.run(
      user.user,
      bash("mkdir bin; printf '#!/bin/sh\\necho $0 ran as $(/usr/bin/id -u) >>~/evil\\n' >bin/x"),
    );
    await client.run(
      user.user,
      bash("chmod +x bin/x; cd bin; for n in cat id printf times ulimit trap read env; do ln x $n; done"),
    );
  });

  test("start with no variable of the request, and what they start to check and to report sees none", async () => {
    const env = { PATH: path, MARK: "asked-for", LD_PRELOAD: "/nosuch.so", NODE_OPTIONS: "--require=/nosuch" };
    const { output } = await client.run(user.user, bash("tr '\\0' '\\n' </proc/$PPID/environ; echo; echo $MARK"), {
      env,
    });
    assert.match(output, /\nasked-for\n$/);
    assert.doesNotMatch(output.replace(/\nasked-for\n$/, ""), /asked-for|^LD_PRELOAD|--require/m);
  });

  const script = "bin/x";
  for (const [what, env] of [
    ["BASH_ENV and ENV that name a script", { BASH_ENV: script, ENV: script }],
    ["PS4 and PROMPT_COMMAND that run a script", { PS4: `$(${script})`, PROMPT_COMMAND: script }],
    ["a PATH of programs named like those of the lines", { PATH: "bin" }],
    ["an IFS of digits and slashes", { IFS: "0123456789/ \n" }],
    ["an IFS and a CDPATH that lead elsewhere", { IFS: "/", CDPATH: "/etc:/" }],
    ["GROUPS and DIRSTACK", { GROUPS: "0", DIRSTACK: "/" }],
    ["BASH_XTRACEFD on the report", { BASH_XTRACEFD: "3" }],
    ["BASH_XTRACEFD on the output", { BASH_XTRACEFD: "1" }],
    ["EXECIGNORE, GLOBIGNORE and BASH_COMPAT", { EXECIGNORE: "nosuch", GLOBIGNORE: "*", BASH_COMPAT: "3.2" }],
    ["POSIXLY_CORRECT and TMOUT", { POSIXLY_CORRECT: "1", TMOUT: "1" }],
    ["names of the lines' own variables", { exports: "exit 0", code: "0", fd: "3", LC_ALL: "nosuch" }],
    ["values that would end their quotes", { A: "'; echo evil >evil; '", B: "\n'\nexit 0\n'", C: "$(bin/x)`bin/x`" }],
  ] satisfies [string, Record<string, string>][]) {
    test(`run nothing, change no id and report truly, given ${what}`, async () => {
      await client.run(user.user, bash("rm -f evil"));
      const look = ["/bin/sh", "-c", "/usr/bin/id -ru; /usr/bin/id -rG; test -e evil && echo evil; exit 7"];
      const { output, exited } = await client.run(user.user, look, { env: { PATH: path, ...env } });
      assert.equal(output, `${user.uid}\n${user.uid}\n`);
      assert.equal(exited.code, 7);
    });
  }

  test("are not even started for a forged UID, an exported function, or a name that no shell takes", async () => {
    await client.close();
    await helper.idle();
    for (const name of [...readOnlyNames, "BASH_FUNC_ulimit%%", "BASH_FUNC_cd()", "A=B", "1A", "A B", "A\nB", ""]) {
      client = await Client.hello(helper.socketPath);
      client.frame("spawn", { id: 9, user: "0".repeat(32), argv: ["true"], env: { [name]: "0" } });
      assert.equal((await within(client.ended, "the end"))?.code, "message-invalid", name);
      await helper.idle();
    }
  });
});
