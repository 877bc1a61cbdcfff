/** What a full disk does to an agent and a helper that start, and to tasks whose homes lie on it. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { startMacosxEngine } from "../../agent/engine/macosx.ts";
import { startLocalQueue } from "../../agent/local/queue.ts";
import { fill, tinyDisk } from "../artifacts/tiny-disk.ts";
import { accountsIn } from "../helper/machine.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { serveLinks } from "../link/link-server.ts";
import { needsRoot } from "../root.ts";
import { Fixture } from "../worker/fixture.ts";
import { Launched } from "./launched.ts";
import { openDirectory } from "./run-task.ts";

const tasksDir = `/home/tcw-small-${process.pid}`;
const names = { provisionerId: "test", workerType: "mac", workerGroup: "group", workerId: "worker" };
const sh = (script: string) => ["/bin/sh", "-c", script];
const short = { command: [sh("echo said")], maxRunTime: 60 };

describe("a full disk", { skip: needsRoot }, () => {
  let helper: RealHelper;
  before(async () => {
    mkdirSync(tasksDir, { mode: 0o711 });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=0711", "tmpfs", tasksDir]);
    helper = await startRealHelper({ tasksDir });
  });
  after(async () => {
    await helper?.stop();
    execFileSync("umount", [tasksDir]);
    rmdirSync(tasksDir);
  });
  const accounts = () => accountsIn(helper.slice.firstUid, helper.slice.firstUid + 24);

  test("of the homes alone ends the task with a reason, deletes its user, and the worker goes on", async (t) => {
    const note = (): void => {};
    const log = { info: note, warn: note, error: note };
    const engine = await startMacosxEngine({ socketPath: helper.socketPath, log, deadlineMs: 20_000 });
    const large = (_: unknown, response: { end(body: Buffer): void }) => response.end(Buffer.alloc(30_000_000));
    const { origin } = await serveLinks(t, { "/it.sh": large, "/it": large });
    const fixture = await Fixture.start(t, { engine });
    void fixture.run();
    const endOf = async (payload: object) => {
      const taskId = await fixture.createTask({ ...payload });
      const { runs } = await fixture.resolved(taskId);
      const last = (await fixture.log(taskId)).trimEnd().split("\n");
      assert.equal((await fixture.event("gone", taskId)).gone.state, "gone");
      const artifacts = fixture.queue.artifacts(taskId).map(({ name, storageType }) => `${storageType} ${name}`);
      return { reason: runs[0]?.reasonResolved, last: last.at(-1) ?? "", log: last.join("\n"), artifacts };
    };

    const link = await endOf({ link: `${origin}/it.sh`, maxRunTime: 60 });
    assert.equal(link.reason, "resource-unavailable", link.log);
    assert.match(link.last, /error\] '\S+' could not be written to the task's home: its disk is full\.$/);
    await fixture.idle("resting");

    const own = await endOf({
      ...short,
      command: [sh("yes | head -c 1000 >small.txt; cat /dev/zero >large.bin; echo wrote $?; exit 3")],
      artifacts: [{ type: "file", path: "small.txt", name: "public/small.txt" }],
    });
    assert.equal(own.reason, "failed", own.log);
    assert.match(own.log, /No space left on device\nwrote 1\n/);
    assert.deepEqual(own.artifacts, [
      "link public/logs/live.log",
      "s3 public/logs/live_backing.log",
      "s3 public/small.txt",
    ]);

    const next = await endOf(short);
    assert.equal(next.reason, "completed", next.log);
    await fixture.end();
    await engine.dispose();
    await helper.idle();
    assert.deepEqual(accounts(), []);
    assert.deepEqual(readdirSync(tasksDir), [`.taskcluster-worker-${helper.slice.name}`]);
  });

  /** An agent of its own account, as launchd starts it, with its state below `home`. */
  async function agentIn(t: TestContext, home: string): Promise<() => Launched> {
    const directory = openDirectory();
    mkdirSync(join(directory, "blobs"));
    const queue = await startLocalQueue({ blobDir: join(directory, "blobs"), longPollMs: 300 });
    const uid = Number(spawnSync("/usr/bin/id", ["-u", "_tcworker"], { encoding: "utf8" }).stdout);
    const { clientId, accessToken } = queue.workerCredentials("test/mac", "group", "worker");
    const own = { ...names, rootURL: queue.rootUrl, clientId, accessToken, instance: helper.slice.name };
    const file = join(directory, "worker.yml");
    const settings = { ...own, requiredDiskSpaceMegabytes: 1, pollingInterval: 0.1 };
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
    for (const path of [file, home]) chownSync(path, uid, uid);
    const agents: Launched[] = [];
    t.after(async () => {
      for (const agent of agents) {
        agent.signal("SIGINT");
        await agent.status();
      }
      await queue.close();
    });
    return () => {
      const agent = new Launched(["work", "macosx", "--config", file], { uid, env: { HOME: home } });
      agents.push(agent);
      return agent;
    };
  }

  test("of the agent's state is told by an agent that starts, which claims as soon as there is room", async (t) => {
    const home = await tinyDisk(t, "1500k", 3);
    const start = await agentIn(t, home);
    const first = start();
    assert.equal(await first.status(), 70);
    const state = join(home, ".local/state/taskcluster-worker", helper.slice.name);
    const sentence = `tasks cannot have files below ${state}: ENOSPC: no space left on device, mkdir '`;
    assert.ok(first.stderr.at(-1)?.includes(sentence), first.stderr.join("\n"));
    assert.match(first.stderr.at(-1) ?? "", /; make room on its disk$/);

    execFileSync("mount", ["-o", "remount,nr_inodes=1000", home]);
    const empty = fill(home);
    const second = start();
    await second.said("has 0 MB free, and requiredDiskSpaceMegabytes is 1.");
    empty();
    await second.said("Tasks are claimed again.");
    second.signal("SIGTERM");
    assert.equal(await second.status(), 0, second.stderr.join("\n"));
  });

  test("of the journal lets a helper start but make no users, which its agent tells, until there is room", async (t) => {
    await helper.kill();
    const folder = helper.places.private;
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", folder]);
    t.after(async () => {
      await helper.kill();
      execFileSync("umount", ["--lazy", folder]);
      await helper.restart();
    });
    const empty = fill(folder);
    await helper.restart();
    const start = await agentIn(t, await tinyDisk(t, "2m"));
    const first = start();
    await first.said("no task user could be made ahead");
    const why = first.stderr.find((line) => line.includes("no task user could be made ahead")) ?? "";
    assert.match(String(JSON.parse(why).reason), /journal|no space/);
    await first.said("No tasks are claimed: no task user can be made: the");
    assert.deepEqual(accounts(), []);
    first.signal("SIGTERM");
    assert.equal(await first.status(), 0, first.stderr.join("\n"));
    empty();
    const second = start();
    await second.said("task user created");
    second.signal("SIGTERM");
    assert.equal(await second.status(), 0, second.stderr.join("\n"));
    await helper.idle();
    assert.deepEqual(accounts(), []);
  });
});
