import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { path } from "../helper/client.ts";
import { useHelper } from "../helper/fixture.ts";
import { processesOf } from "../helper/machine.ts";
import { eventually } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";
import { rounds, siblingIn } from "./rounds.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

suite("Against what ends it, a task", { skip: needsRoot }, () => {
  const fixture = useHelper({ limits: { processes: 200, files: 256 } });

  /** A process of root's and one of nobody's, which no task may reach. */
  function bystanders(): { children: ChildProcess[]; alive(): boolean[] } {
    const as = [{}, { uid: 64_000, gid: 64_000 }];
    const children = as.map((ids) =>
      spawn("/bin/sleep", ["300"], { ...ids, cwd: "/", env: {}, detached: true, stdio: "ignore" }),
    );
    const state = (pid = 0): string => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";
    return { children, alive: () => children.map(({ pid }) => state(pid) === "S") };
  }

  test("stops and kills all it may, its cleaner too, from several sessions: it is gone, and nobody else has noticed", async (t) => {
    const { children, alive } = bystanders();
    t.after(() => children.map((child) => child.kill("SIGKILL")));
    const { client, user: first } = await fixture.clientWithUser(t);
    const living = bash("echo up; exec sleep 300");
    let sibling = first;
    let beside = await client.start(sibling.user, living);
    for (let round = 0; round < rounds; round += 1) {
      const before = sibling;
      sibling = await siblingIn(round, client, before);
      if (sibling !== before) beside = await client.start(sibling.user, living);
      const user = await client.request("createUser", {});
      // They wait for each other: the first that runs would stop the shell that starts the rest.
      const loop = (signal: string): string =>
        `setsid bash -c 'until [[ -e go ]]; do sleep 0.01; done; while :; do kill -${signal} -1; done' &`;
      const loops = ["STOP", "STOP", "STOP", round % 2 ? "STOP" : "KILL"].map(loop).join(" ");
      // Nothing that it prints is waited for: what passes its output on is stopped too.
      const argv = bash(`${loops} >go; while :; do sleep 0.01 & done`);
      await client.request("spawn", { user: user.user, argv, env: { PATH: path } });
      await eventually(() => existsSync(join(user.home, "go")), "its loops run");
      const gone = await client.request("deleteUser", { user: user.user });
      assert.deepEqual([gone.state, gone.left.processes], ["gone", 0], `round ${round}`);
      assert.deepEqual(processesOf(user.uid), []);
    }
    assert.deepEqual(alive(), [true, true]);
    assert.equal(processesOf(sibling.uid).length > 0, true, "its sibling runs on");
    await client.request("signal", { process: beside.process, signal: "SIGTERM" });
    assert.equal((await client.exited(beside.process)).code, 143);
  });

  test("sends every signal to everybody, its own group and the helper's: none arrives anywhere else", async (t) => {
    const { children, alive } = bystanders();
    t.after(() => children.map((child) => child.kill("SIGKILL")));
    const { client, user } = await fixture.clientWithUser(t);
    const { pid } = fixture.helper.process;
    const others = children.map((child) => child.pid).join(" ");
    const lines = `trap '' HUP INT QUIT TERM USR1 USR2; for s in HUP INT QUIT USR1 TERM STOP TSTP TTOU PIPE KILL; do
      for p in ${pid} -${pid} ${others}; do kill -$s -- $p 2>/dev/null && echo "$s reached $p"; done; done; echo tried; kill -HUP 0`;
    const { output } = await client.run(user.user, bash(lines));
    assert.equal(output, "tried\n");
    assert.deepEqual(alive(), [true, true]);
    assert.equal(fixture.helper.process.exitCode, null);
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
  });

  test("ends while signals are on their way to it: they reach nobody else, and each is answered", async (t) => {
    const { children, alive } = bystanders();
    t.after(() => children.map((child) => child.kill("SIGKILL")));
    const { client, user } = await fixture.clientWithUser(t);
    for (let round = 0; round < rounds * 4; round += 1) {
      const { process } = await client.request("spawn", { user: user.user, argv: ["/bin/true"], env: {} });
      const ids = Array.from({ length: 30 }, () => client.ask("signal", { process, signal: "SIGCONT" }));
      ids.push(client.ask("signal", { process, signal: "SIGKILL" }));
      await client.exited(process);
      ids.push(client.ask("signal", { process, signal: "SIGKILL" }));
      const answers = await Promise.all(ids.map((id) => client.reply("signal", id)));
      assert.deepEqual(answers.at(-1), { delivered: false }, `round ${round}`);
    }
    assert.deepEqual(alive(), [true, true]);
    assert.equal(fixture.helper.process.exitCode, null);
  });
});
