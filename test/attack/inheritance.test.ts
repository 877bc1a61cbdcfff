import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Answers } from "../../shared/protocol/messages.ts";
import { Client } from "../helper/client.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { needsRoot } from "../root.ts";
import { startWrapped, type WrappedHelper } from "./wrapped-helper.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

/** The helper is started from a terminal, with groups, open files, a cwd and a umask that it should never pass on. */
suite("From a helper that was started carelessly, a task", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let careless: WrappedHelper;
  let client: Client;
  let user: Answers["createUser"];
  let folder: string;

  before(async () => {
    helper = await startRealHelper();
    folder = mkdtempSync("/tmp/careless-");
    const secret = join(helper.dsclDir, "secret");
    writeFileSync(secret, "root's secret\n", { mode: 0o600 });
    mkdirSync(join(folder, "cwd"), { mode: 0o777 });
    const open = `umask 0; exec 3<${secret} 7<${secret} 40<>${secret} 251<${secret}; exec "$@"`;
    careless = await startWrapped(
      helper,
      5400,
      (argv) => {
        const quoted = ["/bin/bash", "-c", open, "bash", "/usr/bin/setpriv", "--groups", "0,4,27,1000", ...argv];
        const line = quoted.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
        return ["/usr/bin/script", "-qec", line, "/dev/null"];
      },
      join(folder, "cwd"),
    );
    client = await Client.hello(careless.places.socket);
    user = await client.request("createUser", {});
  });
  after(async () => {
    await client?.close();
    await careless?.stop();
    await helper?.stop();
    if (folder) rmSync(folder, { recursive: true });
  });

  test("finds itself in the groups of whoever started the helper: it is in none of them", async () => {
    const groups = readFileSync(`/proc/${careless.pid}/status`, "utf8").match(/^Groups:\t(.*?) ?$/m)?.[1];
    assert.equal(groups, "0 4 27 1000", "the helper itself has them");
    assert.equal((await client.run(user.user, ["/usr/bin/id", "-G"])).output, `${user.uid}\n`);
  });

  test("reads through descriptors that the helper inherited: it has none of them", async () => {
    assert.match(readlinkSync(`/proc/${careless.pid}/fd/251`), /secret$/, "the helper itself has them");
    const look = "for fd in /proc/$$/fd/* /proc/$PPID/fd/*; do readlink $fd; done; cat <&3 <&7; cat <&40; cat <&251";
    const { output } = await client.run(user.user, bash(look));
    assert.doesNotMatch(output, /secret/);
    assert.equal(output.match(/Bad file descriptor/g)?.length, 3, output);
  });

  test("pushes input into the terminal of whoever started the helper: it has no terminal", async () => {
    const tty = readFileSync(`/proc/${careless.pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")[4];
    assert.notEqual(tty, "0", "the helper itself has one");
    const push = `open(my $t, "+<", "/dev/tty") or die "$!\\n"; ioctl($t, 0x5412, "x") and print "pushed\\n"`;
    const { output } = await client.run(user.user, ["/usr/bin/perl", "-e", push]);
    assert.equal(output, "No such device or address\n");
  });

  test("removes or changes the directory that the helper was started in: the helper works in /", async () => {
    assert.equal(readlinkSync(`/proc/${careless.pid}/cwd`), "/");
    assert.match(readFileSync(`/proc/${careless.pid}/status`, "utf8"), /^Umask:\t0077$/m);
    rmSync(join(folder, "cwd"), { recursive: true });
    const other = await client.request("createUser", {});
    const { output } = await client.run(
      other.user,
      bash("mkdir d; cd d; rmdir ../d; umask 0; echo still; sleep 300 >/dev/null 2>&1 & disown"),
    );
    assert.equal(output.split("\n")[0], "still");
    assert.equal((await client.request("deleteUser", { user: other.user })).state, "gone");
  });
});
