import assert from "node:assert/strict";
import { chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Client } from "../helper/client.ts";
import { useHelper } from "../helper/fixture.ts";
import { toolOutput } from "../helper/machine.ts";
import { needsRoot } from "../root.ts";
import { rootCalls } from "./trace.ts";
import { startWrapped } from "./wrapped-helper.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
const firstUid = 5425;
const traced =
  `open,openat,openat2,creat,truncate,chmod,fchmodat,?fchmodat2,chown,lchown,fchownat,unlink,unlinkat,rename,renameat,
  renameat2,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,mknod,mknodat,setxattr,lsetxattr,utimensat,mount,umount2,
  execve,execveat,chdir,fchdir,chroot,clone,clone3,fork,vfork,setuid,setreuid,setresuid,setfsuid`.replace(/\s+/g, "");

const hostile = `mkdir -p a/b/c 'a/\\"b' deep; ln -s /etc/passwd link; ln -s / root; mkfifo fifo; echo x >a/b/c/f; chmod 000 a/b/c a/b a
  truncate -s 1G big; ln big hard; touch -- -rf $'x\\ny' '*'; cp /usr/bin/id suid; chmod 6755 suid; ln -s /proc/self/cwd cwd
  for d in /tmp /var/tmp /dev/shm; do mkdir $d/s$UID; ln -s ~ $d/s$UID/home; echo x >$d/s$UID/f; chmod 000 $d/s$UID; done
  cd deep; for i in {1..300}; do mkdir d; cd d; done; mkdir ~/gone; cd ~/gone; rmdir ~/gone
  (trap '' TERM HUP; setsid sleep 300 >/dev/null 2>&1 & disown); echo planted`;

suite("What the kernel sees of root", { skip: needsRoot }, () => {
  const fixture = useHelper();

  test("a task fills its home with all that could lead root astray: root makes no call below the tasks directory but on its fixed names, and starts only its own tools", async (t) => {
    const log = join(fixture.helper.dsclDir, "trace");
    const helper = await startWrapped(fixture.helper, firstUid, (argv) => [
      ...(["/usr/bin/strace", "-f", "--seccomp-bpf", "-y", "-s", "4096", "-o", log] as const),
      ...["-e", `trace=${traced}`, "-e", "signal=none", ...argv],
    ]);
    const names: string[] = [];
    try {
      const client = await Client.hello(helper.places.socket);
      const [plain, stubborn] = [await client.request("createUser", {}), await client.request("createUser", {})];
      names.push(plain.name, stubborn.name);
      for (const { user } of [plain, stubborn])
        assert.equal((await client.run(user, bash(hostile))).output, "planted\n");
      const running = await client.start(plain.user, bash("echo up; exec sleep 300"));
      await client.request("signal", { process: running.process, signal: "SIGTERM" });
      await client.request("killUser", { user: plain.user });
      assert.equal((await client.run(plain.user, bash("cat link big | wc -c"), { cwd: "/" })).exited.code, 0);
      assert.equal((await client.request("deleteUser", { user: plain.user })).state, "gone");
      // One whose home its own user cannot empty: it goes to the graveyard.
      mkdirSync(join(stubborn.home, "planted"));
      writeFileSync(join(stubborn.home, "planted", "file"), "root's");
      chownSync(join(stubborn.home, "planted"), 0, 0);
      assert.equal((await client.request("deleteUser", { user: stubborn.user })).state, "quarantined");
      await client.close();
    } finally {
      await helper.stop();
      for (const type of ["Users", "Groups"]) fixture.helper.dscl(".", "-delete", `/${type}/${names[1]}`);
      toolOutput("/bin/rm", "-rf", `/home/.taskcluster-worker-wrapped-${firstUid}`);
      t.after(() => rmSync(log));
    }
    const calls = rootCalls(readFileSync(log, "utf8"));
    assert.ok(calls.length > 1000, `${calls.length} calls of root`);
    const grave = `/home/.taskcluster-worker-wrapped-${firstUid}`;
    const fixed = new RegExp(
      `^(/home/(${names.join("|")})(/home|/cache)?|${grave}(/(${names.join("|")})-[0-9a-f]{8})?)$`,
    );
    const below = calls.filter(({ paths }) => paths.some((path) => path.startsWith("/home/")));
    const made = new Set(below.map(({ call }) => call.replace(/at2?$/, "")));
    assert.deepEqual(
      [...made].sort(),
      ["chmod", "fchmod", "lchown", "mkdir", "open", "rename", "rmdir"].filter((call) => made.has(call)),
    );
    const opened = below.filter(({ call }) => call.startsWith("open")).flatMap(({ paths }) => paths);
    assert.deepEqual(new Set(opened), new Set([grave]), "what is opened is the graveyard, to list it");
    for (const { call, paths, line } of below) {
      assert.ok(
        paths.every((path) => fixed.test(path)),
        `${call} below the tasks directory: ${line}`,
      );
    }
    assert.ok(made.has("rename") && made.has("rmdir"), "the trace holds the ends of both users");
    const started = new Set(calls.filter(({ call }) => call.startsWith("exec")).map(({ paths }) => paths[0]));
    const own = [fixture.helper.node, join(fixture.helper.dsclDir, "dscl"), "/bin/ps", "/usr/bin/id"];
    assert.deepEqual([...started].sort(), own.sort());
  });
});
