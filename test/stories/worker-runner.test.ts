import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { defaultConfig } from "../../agent/config.ts";
import { type LocalQueue, startLocalQueue } from "../../agent/local/queue.ts";
import { ManagerClient } from "../../agent/manager/manager-client.ts";
import type { Credentials } from "../../agent/queue/types.ts";
import { type QueueClient, taskcluster } from "../local/client.ts";
import { definition } from "../local/fixture.ts";
import { needsRoot } from "../root.ts";
import { openDirectory } from "./run-task.ts";
import { StartWorkerDouble } from "./start-worker-double.ts";

const names = { provisionerId: "runner-test", workerType: "mac", workerGroup: "office", workerId: "mac-1" };
const pool = `${names.provisionerId}/${names.workerType}`;
const settings = { headlessTasks: true, requiredDiskSpaceMegabytes: 0, pollingInterval: 0.1, cachesDir: "caches" };

/** Those of a registration that ended an hour ago. */
function ended({ clientId, accessToken }: Credentials): Credentials {
  const hour = 3_600_000;
  const [start, expiry] = [new Date(Date.now() - 2 * hour), new Date(Date.now() - hour)];
  const scopes = [`queue:claim-work:${pool}`];
  return taskcluster.createTemporaryCredentials({ start, expiry, scopes, credentials: { clientId, accessToken } });
}

describe("start-worker, with our worker as its generic-worker", { skip: needsRoot }, () => {
  const directory = openDirectory();
  let queue: LocalQueue;
  let registered: Credentials;
  let root: QueueClient;
  const workers: StartWorkerDouble[] = [];
  before(async () => {
    mkdirSync(join(directory, "blobs"));
    queue = await startLocalQueue({ blobDir: join(directory, "blobs"), longPollMs: 300 });
    const worker = { workerPoolId: pool, workerGroup: names.workerGroup, workerId: names.workerId };
    const staticSecret = queue.addStaticWorker({ ...worker, providerId: "static" });
    const config = { ...defaultConfig, ...names, rootURL: queue.rootUrl, providerId: "static", staticSecret };
    ({ credentials: registered } = await new ManagerClient(config).register());
    root = new taskcluster.Queue({ rootUrl: queue.rootUrl, credentials: queue.rootCredentials, retries: 0 });
  });
  after(async () => {
    for (const worker of workers) {
      worker.kill();
      await worker.exitCode();
    }
    await queue?.close();
  });

  function start(credentials: Credentials): StartWorkerDouble {
    const { workerGroup, workerId } = names;
    const about = { rootURL: queue.rootUrl, workerPoolID: pool, workerGroup, workerID: workerId };
    const worker = new StartWorkerDouble(directory, { ...about, workerConfig: settings }, credentials);
    workers.push(worker);
    return worker;
  }
  async function submit(script: string): Promise<string> {
    const taskId = taskcluster.slugid();
    const payload = { command: [["/bin/bash", "-c", script]], maxRunTime: 600 };
    const [provisionerId, workerType] = pool.split("/");
    await root.createTask(taskId, { ...definition(Date.now(), { payload, retries: 0 }), provisionerId, workerType });
    return taskId;
  }
  const begun = (taskId: string) => queue.waitFor(taskId, ({ state }) => state === "running");
  const resolved = (taskId: string) =>
    queue.waitFor(taskId, ({ runs }) => runs[0]?.reasonResolved !== undefined, 60_000);

  test("gets its log, renews its credentials, and has it finish its task", async () => {
    const worker = start(ended(queue.rootCredentials));
    worker.write("this is no message");
    await worker.logged("the worker's credentials ended at");
    const first = await submit("echo first");
    worker.write('~{"type":"new-credentials","access-token":"not-to-be-seen"}');
    worker.sendCredentials(registered);
    assert.equal((await resolved(first)).state, "completed");
    const second = await submit("sleep 2; echo done");
    await begun(second);
    worker.send({ type: "graceful-termination", "finish-tasks": true });
    assert.equal(await worker.exitCode(), 72);
    assert.equal((await resolved(second)).state, "completed");
    assert.deepEqual(worker.messages[0], {
      type: "hello",
      capabilities: ["error-report", "graceful-termination", "log", "new-credentials", "shutdown"],
    });
    assert.deepEqual(worker.plain, []);
    const log = worker.log.join("\n");
    assert.match(log, /worker-runner wrote: this is no message\n/);
    assert.match(log, /A message of worker-runner was ignored: clientId is no text/);
    assert.match(log, /worker-runner sent new credentials, good until 20/);
    assert.match(log, /WORKER_METRICS .*"eventType":"taskFinish".*"region":"office"/);
    assert.match(log, /No more tasks are claimed: worker-runner wants the worker to end/);
    const all = JSON.stringify([worker.messages, worker.stderr]);
    for (const secret of ["not-to-be-seen", registered.accessToken, "signature"]) assert.ok(!all.includes(secret));
  });

  test("has it end its task as worker-shutdown when there is no time", async () => {
    const worker = start(registered);
    const taskId = await submit("sleep 1000");
    await begun(taskId);
    worker.send({ type: "graceful-termination", "finish-tasks": false });
    assert.equal(await worker.exitCode(), 72);
    assert.equal((await resolved(taskId)).runs[0]?.reasonResolved, "worker-shutdown");
  });
});
