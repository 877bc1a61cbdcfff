import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, it, type TestContext } from "node:test";
import { unlessAborted } from "../../agent/unless-aborted.ts";
import { Fixture } from "./fixture.ts";

const sh = (script: string) => ["/bin/sh", "-c", script];
const forever = sh("echo ready; exec sleep 600");

function lastLine(log: string): string {
  return log.trimEnd().split("\n").at(-1) ?? "";
}

async function serve(t: TestContext, body: string): Promise<string> {
  const server = createServer((_request, response) => response.end(body)).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no address");
  return `http://127.0.0.1:${address.port}/test.sh`;
}

describe("a task run", { concurrency: 4 }, () => {
  it("completes when all commands succeed, and uploads the log", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ command: [sh("echo one"), sh("echo two")], maxRunTime: 60 });
    void fixture.run();
    const { state } = await fixture.resolved(taskId);
    assert.equal(state, "completed");
    const log = await fixture.log(taskId);
    assert.match(
      log,
      /=== Task Starting ===[\s\S]*\none\n[\s\S]*\ntwo\n[\s\S]*Result: SUCCEEDED[\s\S]*=== Task Finished ===/,
    );
  });

  it("tells its life in order", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ command: [["true"]], maxRunTime: 60 });
    void fixture.run();
    const { gone } = await fixture.event("gone", taskId);
    assert.equal(gone.state, "gone");
    const kinds = fixture.events.filter((event) => event.event !== "artifact").map(({ event }) => event);
    assert.deepEqual(kinds, ["claimed", "user", "started", "resolved", "gone"]);
    const names = fixture.events.flatMap((event) => (event.event === "artifact" ? [event.name] : []));
    assert(names.includes("public/logs/live_backing.log"));
  });

  it("runs the program of runAfterUserCreation first, in the task's log and its home, without its variables", async (t) => {
    const directory = await mkdtemp(join(tmpdir(), "user-setup-"));
    t.after(() => rm(directory, { recursive: true }));
    const program = join(directory, "setup.sh");
    await writeFile(program, "#!/bin/sh\necho setting up $TASK_ID$OWN; touch ready\n", { mode: 0o755 });
    const fixture = await Fixture.start(t, { config: { runAfterUserCreation: program } });
    const own = { OWN: ", and the task's variable", PATH: "/nowhere:/bin" };
    const taskId = await fixture.createTask({ command: [sh("ls")], maxRunTime: 60, env: own });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    assert.match(
      await fixture.log(taskId),
      new RegExp(`\\nsetting up ${taskId}\\n[\\s\\S]*command 0: [^\\n]*ls[\\s\\S]*\\nready\\n`),
    );
  });

  it("gives the task back when runAfterUserCreation fails, and takes no other for a while", async (t) => {
    const fixture = await Fixture.start(t, { config: { runAfterUserCreation: "/bin/false" } });
    const taskId = await fixture.createTask({ command: [sh("echo ran")], maxRunTime: 60 });
    void fixture.run();
    const { reason, message } = await fixture.event("resolved", taskId);
    assert.equal(reason, "worker-shutdown");
    assert.equal(message, "runAfterUserCreation of this worker (/bin/false) failed: exit status 1.");
    assert.match(await fixture.idle("resting"), /runAfterUserCreation of this worker/);
  });

  it("leaves no home and no scratch files behind", async (t) => {
    const fixture = await Fixture.start(t, { config: { numberOfTasksToRun: 1 } });
    await fixture.createTask({ command: [["true"]], maxRunTime: 60 });
    await fixture.run();
    assert.equal(fixture.engine.homes.size, 0);
    assert.deepEqual(await readdir(fixture.scratchRoot), []);
  });

  it("fails at the first command that fails, and runs no other", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ command: [sh("exit 3"), sh("echo second")], maxRunTime: 60 });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "failed");
    const log = await fixture.log(taskId);
    assert.equal(lastLine(log), "[taskcluster:error] exit status 3");
    assert(!log.includes("Executing command 1"));
  });

  it("fails when a signal ends a command", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ command: [sh("kill -SEGV $$")], maxRunTime: 60 });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "failed");
    assert.equal(lastLine(await fixture.log(taskId)), "[taskcluster:error] signal: SIGSEGV");
  });

  it("fails when a command of generic-worker's dialect cannot be started", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ command: [["no-such-program"]], maxRunTime: 60 });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "failed");
    assert.match(await fixture.log(taskId), /System error executing command: no-such-program/);
  });

  it("is malformed when the command of taskcluster-worker's dialect cannot be started", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ command: ["no-such-program"] });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).runs[0]?.reasonResolved, "malformed-payload");
  });

  it("is malformed when the payload has an unknown property, and the log says which", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ command: [["true"]], maxRunTime: 60, artifact: [] });
    void fixture.run();
    const { runs } = await fixture.resolved(taskId);
    assert.equal(runs[0]?.reasonResolved, "malformed-payload");
    const log = await fixture.log(taskId);
    assert.match(lastLine(log), /^\[taskcluster:error\] task\.payload has the unknown property "artifact"/);
    assert(!fixture.events.some(({ event }) => event === "user"));
  });

  it("fails when its commands take longer than maxRunTime, and still uploads what they left", async (t) => {
    const fixture = await Fixture.start(t);
    const artifacts = [{ type: "file", path: "a.txt", name: "public/a.txt" }];
    const command = [sh("echo left > a.txt; exec sleep 600"), sh("echo second")];
    const taskId = await fixture.createTask({ command, maxRunTime: 1, artifacts });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "failed");
    const log = await fixture.log(taskId);
    assert.equal(lastLine(log), "[taskcluster:error] task aborted - max run time exceeded");
    assert(!log.includes("Executing command 1"));
    assert(fixture.queue.artifacts(taskId).some(({ name, blob }) => name === "public/a.txt" && blob));
  });

  it("fails when the machine's memory is short for too long, and its command's block says what there was", async (t) => {
    const config = { maxMemoryUsagePercent: 0, minAvailableMemoryBytes: 1e15, allowedHighMemoryDurationSecs: 0 };
    const fixture = await Fixture.start(t, { config });
    const artifacts = [{ type: "file", path: "a.txt", name: "public/a.txt" }];
    const taskId = await fixture.createTask({
      command: [sh("echo left > a.txt; exec sleep 600")],
      maxRunTime: 60,
      artifacts,
    });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "failed");
    const log = await fixture.log(taskId);
    const short = "memory usage above 0% and available memory less than 931322.57 GiB";
    assert.equal(lastLine(log), `[taskcluster:error] task aborted due to sustained ${short}`);
    assert.match(log, /\[taskcluster:warn [^\]]+\] Memory usage above 0% and [^\n]+ persisted for over 0s!\n/);
    assert.match(
      log,
      / Average Available System Memory: [\d.]+ GiB\n[^\n]* {6}Average System Memory Used: [\s\S]*Result: ABORTED/,
    );
    assert(fixture.queue.artifacts(taskId, 0).some(({ name }) => name === "public/a.txt"));
  });

  it("asks for another try when the exit status is listed for it", async (t) => {
    const fixture = await Fixture.start(t, { config: { numberOfTasksToRun: 1 } });
    const payload = { command: [sh("exit 7")], maxRunTime: 60, onExitStatus: { retry: [7] } };
    const taskId = await fixture.createTask(payload);
    void fixture.run();
    await fixture.event("resolved", taskId);
    const { runs } = await fixture.queue.waitFor(taskId, ({ runs }) => runs.length === 2);
    assert.equal(runs[0]?.reasonResolved, "intermittent-task");
    assert.equal(runs[1]?.reasonCreated, "task-retry");
  });

  it("runs the file of a link", async (t) => {
    const script = "#!/bin/sh\necho from the link\n";
    const link = await serve(t, script);
    const sha256 = createHash("sha256").update(script).digest("hex");
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ link, sha256 });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    assert.match(await fixture.log(taskId), /^from the link$/m);
  });

  it("runs the command beside a link, which finds the file in the home", async (t) => {
    const link = await serve(t, "#!/bin/sh\necho called with $1\n");
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ link, command: ["./test.sh", "this"] });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    assert.match(await fixture.log(taskId), /^called with this$/m);
  });

  it("kills a task that a user cancels within seconds, and reports nothing", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ command: [forever], maxRunTime: 600 });
    void fixture.run();
    await fixture.event("started", taskId);
    await fixture.cancel(taskId);
    const { reason, reported } = await fixture.event("resolved", taskId);
    assert.deepEqual({ reason, reported }, { reason: "canceled", reported: false });
    assert(fixture.engine.kills > 0);
    assert.match(lastLine(await fixture.log(taskId)), /The task was canceled\./);
  });

  it("resolves a task at once that is canceled while it waits for a task user", async (t) => {
    const fixture = await Fixture.start(t);
    const make = fixture.engine.newSandboxBuilder.bind(fixture.engine);
    const waits = Promise.withResolvers<void>();
    fixture.engine.newSandboxBuilder = async (signal) => {
      waits.resolve();
      await unlessAborted(new Promise(() => {}), signal);
      return make();
    };
    const taskId = await fixture.createTask({ command: [["true"]], maxRunTime: 600 });
    void fixture.run();
    await waits.promise;
    await fixture.cancel(taskId);
    const { reason } = await fixture.event("resolved", taskId);
    assert.equal(reason, "canceled");
    assert.match(lastLine(await fixture.log(taskId)), /The task was canceled\./);
  });

  it("notices at the next reclaim that it was canceled, when it looks too seldom", async (t) => {
    const fixture = await Fixture.start(t, { config: { cancelCheckSecs: 600 }, queue: { claimTimeoutMs: 2_000 } });
    const taskId = await fixture.createTask({ command: [forever], maxRunTime: 600 });
    void fixture.run();
    await fixture.event("started", taskId);
    await fixture.cancel(taskId);
    assert.equal((await fixture.event("resolved", taskId)).reason, "canceled");
  });

  it("keeps its claim for as long as it runs", async (t) => {
    const fixture = await Fixture.start(t, { queue: { claimTimeoutMs: 4_000 } });
    const taskId = await fixture.createTask({ command: [sh("sleep 6")], maxRunTime: 60 });
    void fixture.run();
    const { state, runs } = await fixture.resolved(taskId);
    assert.equal(state, "completed");
    assert.equal(runs.length, 1);
  });

  it("keeps its claim although reclaims fail now and then", async (t) => {
    const faults = { status503: { method: "reclaimTask", times: 1 } };
    const fixture = await Fixture.start(t, { queue: { claimTimeoutMs: 4_000, faults } });
    const taskId = await fixture.createTask({ command: [sh("sleep 5")], maxRunTime: 60 });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).runs.length, 1);
    assert.equal(faults.status503.times, 0);
  });

  it("gives up without a report when the claim has expired, as soon as the queue says so", async (t) => {
    const faults = { status503: { method: "reclaimTask", times: 2 } };
    const config = { numberOfTasksToRun: 1, cancelCheckSecs: 600 };
    const fixture = await Fixture.start(t, { config, queue: { claimTimeoutMs: 1_000, faults } });
    const taskId = await fixture.createTask({ command: [forever], maxRunTime: 600 });
    void fixture.run();
    const { reason, reported } = await fixture.event("resolved", taskId);
    assert.deepEqual({ reason, reported }, { reason: "claim-lost", reported: false });
    const { runs } = await fixture.queue.waitFor(taskId, ({ runs }) => runs.length === 2);
    assert.equal(runs[0]?.reasonResolved, "claim-expired");
  });

  it("reports worker-shutdown when the engine loses its helper", async (t) => {
    const fixture = await Fixture.start(t, { config: { numberOfTasksToRun: 1 } });
    const taskId = await fixture.createTask({ command: [forever], maxRunTime: 600 });
    void fixture.run();
    await fixture.event("started", taskId);
    fixture.engine.lose();
    const { runs } = await fixture.queue.waitFor(taskId, ({ runs }) => runs.length === 2);
    assert.equal(runs[0]?.reasonResolved, "worker-shutdown");
    assert.equal(runs[1]?.reasonCreated, "retry");
  });

  it("fails a task that floods its log, at once and with an end to the log", async (t) => {
    const fixture = await Fixture.start(t, { config: { maxLogBytes: 100_000 } });
    const taskId = await fixture.createTask({ command: [sh("exec yes")], maxRunTime: 600 });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "failed");
    const log = await fixture.log(taskId);
    assert.equal(lastLine(log), "[taskcluster:error] The task wrote more than 100000 bytes to its log.");
    assert(log.length < 110_000, `${log.length} bytes`);
    assert.match(log, /Command ABORTED/);
  });

  it("gives up files whose upload would last beyond the deadline, and uploads the log", async (t) => {
    const fixture = await Fixture.start(t);
    const make = fixture.engine.newSandboxBuilder.bind(fixture.engine);
    fixture.engine.newSandboxBuilder = async () => {
      const builder = await make();
      const start = builder.startSandbox.bind(builder);
      builder.startSandbox = () => {
        const sandbox = start();
        const finish = sandbox.finish.bind(sandbox);
        const endless = async () => ({ size: 1, body: new Readable({ read() {} }) });
        sandbox.finish = async () => Object.assign(await finish(), { openFile: endless });
        return sandbox;
      };
      return builder;
    };
    const artifacts = [{ type: "file", path: "a" }];
    const deadline = new Date(Date.now() + 5_000).toISOString();
    const taskId = await fixture.createTask({ command: [["true"]], maxRunTime: 60, artifacts }, { deadline });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "failed");
    assert.match(lastLine(await fixture.log(taskId)), /The files of the task could not be uploaded in time\.$/);
  });

  it("reports again until the queue has heard it", async (t) => {
    const faults = { status503: { method: "reportCompleted", times: 2 } };
    const fixture = await Fixture.start(t, { queue: { faults } });
    const taskId = await fixture.createTask({ command: [["true"]], maxRunTime: 60 });
    void fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    assert.equal(faults.status503.times, 0);
  });

  it("is told once although the answer to its report was lost", async (t) => {
    const faults = { dropResponse: { method: "reportCompleted", times: 1 } };
    const fixture = await Fixture.start(t, { queue: { faults } });
    const taskId = await fixture.createTask({ command: [["true"]], maxRunTime: 60 });
    void fixture.run();
    const { state, reported } = await fixture.event("resolved", taskId);
    assert.deepEqual({ state, reported }, { state: "completed", reported: true });
    assert.equal((await fixture.resolved(taskId)).runs.length, 1);
  });

  it("writes no credentials and no signed address to the worker's log", async (t) => {
    const fixture = await Fixture.start(t, { config: { numberOfTasksToRun: 1 } });
    await fixture.createTask({ command: [["true"]], maxRunTime: 60 });
    await fixture.run();
    const { accessToken } = fixture.queue.workerCredentials("test/mac", "group", "worker");
    const lines = fixture.logLines.join("");
    assert(lines.length > 0);
    assert(!lines.includes(accessToken));
    assert(!/certificate|putUrl/.test(lines));
  });
});
