/** A task against what runs beside it: another task user, the agent's account, the helper. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Answers } from "../../shared/protocol/messages.ts";
import { Client, path, type Started } from "../helper/client.ts";
import { toolOutput } from "../helper/machine.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { needsRoot } from "../root.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
const connectLines =
  "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un($ARGV[0])) or print $!;";

suite("A task", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let client: Client;
  let task: Answers["createUser"];
  let victim: Answers["createUser"];
  let running: Started;
  let agent: ChildProcess;
  before(async () => {
    helper = await startRealHelper();
    client = await Client.hello(helper.socketPath);
    task = await client.request("createUser", {});
    victim = await client.request("createUser", {});
    const secret = "umask 000; echo secret >file; mkdir -m 777 open; echo secret >open/file; chmod 777 .";
    running = await client.start(victim.user, bash(`${secret}; echo up; exec sleep 300`), {
      PATH: path,
      TOKEN: "secret",
    });
    const uid = Number(toolOutput("/usr/bin/id", "-u", "_tcworker"));
    agent = spawn("/bin/sleep", ["300"], { uid, gid: uid, cwd: "/", env: { TOKEN: "secret" }, stdio: "ignore" });
  });
  after(async () => {
    agent?.kill("SIGKILL");
    await client?.close();
    await helper?.stop();
  });
  const targets = (): [string, number][] => [
    ["another task", running.pid],
    ["the agent", agent.pid ?? 0],
    ["the helper", helper.process.pid ?? 0],
  ];

  test("can signal, trace and take descriptors from no process but its own", async () => {
    for (const [what, pid] of targets()) {
      // PTRACE_ATTACH, process_vm_readv by way of /proc/PID/mem, and pidfd_getfd.
      const trace = `perl -e 'print syscall(101, 16, ${pid}, 0, 0) < 0 ? "$!\\n" : "traced\\n"; $p = syscall(434, ${pid}, 0); print syscall(438, $p, 0, 0) < 0 ? "$!\\n" : "taken\\n"'`;
      const signals = [9, 15, 19, 18, 10].map((signal) => `/bin/kill -${signal} ${pid} 2>/dev/null || echo refused`);
      const { output } = await client.run(task.user, bash(`${trace}; ${signals.join("; ")}`));
      assert.equal(output, `${"Operation not permitted\n".repeat(2)}${"refused\n".repeat(5)}`, what);
    }
  });

  test("reads no environment, memory, descriptor or directory of a process but its own", async () => {
    for (const [what, pid] of targets()) {
      const files = ["environ", "mem", "maps", "fd/1", "cwd/x", "root/etc/hostname"].map(
        (name) => `/proc/${pid}/${name}`,
      );
      const { output } = await client.run(task.user, bash(`cat ${files.join(" ")} 2>&1; ls /proc/${pid}/fd 2>&1`));
      assert.equal(output.match(/Permission denied/g)?.length, files.length + 1, `${what}: ${output}`);
      assert.doesNotMatch(output, /secret/, what);
    }
  });

  test("does not get at another task's files by their path, although that task gave everybody every right to them", async () => {
    const { home } = victim;
    const lines = `cat ${home}/file ${home}/open/file; ls ${home} ${home}/..; cd ${home}/open; echo x >${home}/open/new; mv ${home} ${home}2`;
    const { output } = await client.run(task.user, bash(`{ ${lines}; } 2>&1`));
    assert.equal(output.match(/Permission denied/g)?.length, 7, output);
    assert.doesNotMatch(output, /^secret/m);
  });

  test("does not get at them through a link to them either, whoever follows it", async () => {
    const lines = `ln -s ${victim.home} there; cat there/file; ls there/; ln ${victim.home}/file hard`;
    const { output } = await client.run(task.user, bash(`{ ${lines}; } 2>&1`));
    assert.equal(output.match(/Permission denied/g)?.length, 3, output);
  });

  test("cannot connect to the helper's socket, not even by way of a descriptor or a link", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "socket-"));
    t.after(() => rmSync(folder, { recursive: true }));
    chownSync(folder, task.uid, task.uid);
    writeFileSync(join(folder, "connect.pl"), connectLines, { mode: 0o644 });
    const { socketPath } = helper;
    const run = `perl ${folder}/connect.pl`;
    const lines = `${run} ${socketPath}; ln -s ${socketPath} l; ${run} l; ${run} /proc/${helper.process.pid}/cwd${socketPath}; ln ${socketPath} h`;
    const { output } = await client.run(task.user, bash(`{ ${lines}; } 2>&1`));
    assert.equal(output.match(/Permission denied/g)?.length, 4, output);
  });
});
