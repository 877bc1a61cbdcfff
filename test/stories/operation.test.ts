/** What an operator sees of a worker: its status, its idle reasons, its exit codes as generic-worker has them. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { Launched } from "./launched.ts";
import { LocalSession } from "./local-session.ts";
import { bash, openDirectory } from "./run-task.ts";

interface Shown {
  readonly exit: number | null;
  readonly report: Readonly<Record<string, unknown>>;
}

/** The option that names a worker's instance: others run on this machine too. */
async function instanceOf(worker: Launched): Promise<string[]> {
  await worker.said("The worker starts.");
  const [, instance = ""] = /"instance":"([^"]+)".*The worker starts/.exec(worker.stderr.join("\n")) ?? [];
  return ["--instance", instance];
}

/** `status --json`, as root asks for it. */
async function status(worker: Launched): Promise<Shown> {
  const shown = new Launched(["status", "--json", ...(await instanceOf(worker))]);
  const exit = await shown.status();
  return { exit, report: JSON.parse(shown.stdout.join("")) };
}

const metricsOf = ({ stderr }: Launched) =>
  stderr.flatMap((line) => /^WORKER_METRICS .*"eventType":"(\w+)"/.exec(line)?.[1] ?? []);

describe("an operator", { skip: needsRoot }, () => {
  const directory = openDirectory();
  let session: LocalSession;
  before(async () => {
    session = await LocalSession.start(directory);
  });
  after(() => session?.end());
  const run = (settings: object) => session.startWorker(settings, 0o600, ["run"]);

  test("is told that run claims nothing as long as its tasks need a screen, and drains it", async () => {
    const worker = run({});
    await worker.said("headlessTasks is false");
    const { exit, report } = await status(worker);
    assert.deepEqual([exit, report["worker"], report["idle"], report["running"]], [1, "lives", "no-graphics", []]);
    const drain = new Launched(["drain", ...(await instanceOf(worker))]);
    assert.equal(await drain.status(), 0, drain.stderr.join());
    assert.match(drain.stderr.join(), /claims nothing more; it ends when its call/);
    assert.equal(await worker.status(), 71);
  });

  test("is told twice to drain, and the second time changes nothing: the task runs on to its end", async () => {
    const worker = session.startWorker({ headlessTasks: true, capacity: 1 }, 0o600, ["work", "macosx"]);
    const [id = ""] = await session.submit([bash("echo begun; until [[ -e go ]]; do sleep 0.1; done")]);
    await session.begun(id);
    const instance = await instanceOf(worker);
    const told = new Launched(["drain", ...instance]);
    assert.equal(await told.status(), 0, told.stderr.join());
    await worker.said('"idle":"draining"');
    const again = new Launched(["drain", ...instance]);
    assert.equal(await again.status(), 0, again.stderr.join());
    assert.match(again.stderr.join(), /is draining already/);
    const { report } = await status(worker);
    const [, user = ""] = /"user":"(tcw-\w+)"/.exec(JSON.stringify(report["running"])) ?? [];
    writeFileSync(`/home/${user}/home/go`, "");
    assert.equal(await worker.status(), 0);
    assert.equal((await session.resolved(id)).reasonResolved, "completed");
  });

  test("sees the running task with its user, and SIGTERM ends run with 72 and the task as worker-shutdown", async () => {
    const worker = run({ headlessTasks: true, capacity: 1, taskclusterProxyPort: 8080 });
    const [id = ""] = await session.submit([bash("echo begun; sleep 1000")]);
    await session.begun(id);
    await worker.said("task user created");
    const { exit, report } = await status(worker);
    assert.deepEqual([exit, report["state"], report["currentTaskIds"]], [0, "full", [id]]);
    assert.match(
      JSON.stringify(report["running"]),
      /"runId":0,"since":"[^"]+","unheard":false,"user":("tcw-\w+"|null)/,
    );
    assert.match(JSON.stringify(report["helper"]), /"agent":true/);
    worker.signal("SIGTERM");
    assert.equal(await worker.status(), 72);
    const { reasonResolved } = await session.resolved(id);
    assert.equal(reasonResolved, "worker-shutdown");
    await session.cancel(id);
    assert.match(
      worker.stderr.join("\n"),
      /taskclusterProxyPort in \S+ has no effect: this version has no taskcluster-/,
    );
    assert.deepEqual(metricsOf(worker), ["instanceBoot", "workerReady", "taskQueued", "taskStart", "taskFinish"]);
    const later = await status(worker);
    assert.ok(later.exit === 69 || later.report["pid"] !== report["pid"], "its slice may be another worker's by now");
  });

  test("gets 68 and a wish to shut down from a worker that was idle for too long", async () => {
    // No poll, whose 20 s nothing cuts short.
    const noPoll = { requiredDiskSpaceMegabytes: 1e9, pollingInterval: 0.1 };
    const idle = run({ headlessTasks: true, idleTimeoutSecs: 1, shutdownMachineOnIdle: true, ...noPoll });
    assert.equal(await idle.status(), 68);
    assert.match(idle.stderr.join("\n"), /"end":"idle-timeout","exitStatus":68,"machine":"shut-down"/);
    assert.deepEqual(metricsOf(idle), ["instanceBoot", "workerReady", "instanceShutdown"]);
  });
});
