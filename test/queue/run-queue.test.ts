import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import slugid from "slugid";
import taskcluster from "taskcluster-client";
import { defaultConfig } from "../../agent/config.ts";
import { type LocalQueue, startLocalQueue } from "../../agent/local/queue.ts";
import { lostCause } from "../../agent/queue/claim-keeper.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import { QueueError } from "../../agent/queue/task-queue.ts";
import { patient } from "./run-terms.ts";

const patience = { withinMs: 10_000, signal: new AbortController().signal };
const worker = { provisionerId: "test", workerType: "mac", workerGroup: "group", workerId: "worker" };

async function start(t: TestContext): Promise<{ local: LocalQueue; client: QueueClient }> {
  const blobDir = await mkdtemp(join(tmpdir(), "run-queue-"));
  const local = await startLocalQueue({ blobDir, longPollMs: 200 });
  t.after(async () => {
    await local.close();
    await rm(blobDir, { recursive: true });
  });
  const { clientId, accessToken } = local.workerCredentials("test/mac", worker.workerGroup, worker.workerId);
  return {
    local,
    client: new QueueClient({ ...defaultConfig, ...worker, rootURL: local.rootUrl, clientId, accessToken }),
  };
}

/** A claimed task, and what anybody with all scopes can do to it. */
async function claimed(t: TestContext) {
  const { local, client } = await start(t);
  const credentials = { ...local.rootCredentials };
  const root = new taskcluster.Queue({ rootUrl: local.rootUrl, credentials, retries: 0, timeout: 10_000 });
  const taskId = slugid.nice();
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const metadata = { name: "n", description: "d", owner: "o@example.com", source: "https://example.com" };
  const { provisionerId, workerType } = worker;
  const dates = { created: at(0), deadline: at(600), expires: at(1200) };
  await root.createTask(taskId, { provisionerId, workerType, ...dates, metadata, payload: {} });
  const [claim] = await client.claimWork(4, (error) => assert.fail(error));
  assert(claim);
  const created: string[] = [];
  const queue = client.forRun(claim, {
    ...patient,
    created: (name, storageType) => void created.push(`${name} ${storageType}`),
  });
  return { local, root, taskId, queue, claim, created, expires: dates.expires };
}

describe("QueueClient", () => {
  it("gets an empty list when there is no work", async (t) => {
    const { client } = await start(t);
    assert.deepEqual(await client.claimWork(1, (error) => assert.fail(error)), []);
  });
  it("says by its status why the queue gave nothing", async (t) => {
    const { local } = await start(t);
    const config = {
      ...defaultConfig,
      ...worker,
      rootURL: local.rootUrl,
      clientId: "nobody",
      accessToken: "x".repeat(22),
    };
    const refusal = new QueueClient(config).claimWork(1, () => undefined);
    await assert.rejects(refusal, (error) => error instanceof QueueError && error.status === 401);
  });
  it("does not ask again by itself", async (t) => {
    const { local, client } = await start(t);
    local.faults = { status503: { method: "claimWork", times: 1 } };
    await assert.rejects(
      client.claimWork(1, () => undefined),
      { status: 503 },
    );
  });
});

describe("RunQueue", () => {
  it("makes many calls over one connection", async (t) => {
    const { queue, expires } = await claimed(t);
    const artifact = { storageType: "s3", expires, contentType: "text/plain", contentLength: 1 } as const;
    await queue.createArtifact("public/0", artifact, patience);
    let connections = 0;
    const count = (): void => {
      connections += 1;
    };
    subscribe("net.client.socket", count);
    t.after(() => unsubscribe("net.client.socket", count));
    for (let n = 1; n < 10; n += 1) await queue.createArtifact(`public/${n}`, artifact, patience);
    assert.equal(connections, 0);
  });
  it("moves the end of the claim and goes on with the new credentials", async (t) => {
    const { queue, local, taskId } = await claimed(t);
    const before = queue.takenUntil;
    await queue.reclaim();
    assert(queue.takenUntil > before);
    await queue.reportCompleted();
    await local.waitFor(taskId, ({ state }) => state === "completed");
  });
  for (const minutes of [10, -10]) {
    it(`reckons with a clock that was set by ${minutes} minutes after the claim`, async (t) => {
      const { queue, claim } = await claimed(t);
      const { now } = Date;
      t.mock.method(Date, "now", () => now() + minutes * 60_000);
      await queue.reclaim();
      const left = queue.takenUntil.getTime() - Date.now();
      assert.ok(left <= claim.claimMs && left > claim.claimMs - 60_000, `${left} ms`);
    });
  }
  it("may say the same thing twice", async (t) => {
    const { queue } = await claimed(t);
    await queue.reportFailed();
    await queue.reportFailed();
  });
  it("is told by 409 that the run is resolved otherwise", async (t) => {
    const { queue } = await claimed(t);
    await queue.reportCompleted();
    await assert.rejects(queue.reportException("internal-error"), { name: "QueueError", status: 409 });
  });
  it("tells of each artifact that the queue took", async (t) => {
    const { queue, created, expires } = await claimed(t);
    const request = { storageType: "s3", expires, contentType: "text/plain" } as const;
    const { putUrl } = await queue.createArtifact("public/a", request, patience);
    assert.match(putUrl ?? "", /^http/);
    assert.deepEqual(created, ["public/a s3"]);
  });
  it("creates an artifact although the queue fails at first", async (t) => {
    const { queue, local, expires } = await claimed(t);
    local.faults = { status503: { method: "createArtifact", times: 1 } };
    const request = { storageType: "reference", expires, contentType: "text/plain", url: "http://x" } as const;
    assert.deepEqual(await queue.createArtifact("public/a", request, patience), {});
  });
  it("sees without credentials whether the run is still ours", async (t) => {
    const { queue, root, taskId } = await claimed(t);
    assert.equal(await queue.isStillOurs(), true);
    assert.equal(await queue.resolvedReason(), null);
    await root.cancelTask(taskId);
    assert.equal(await queue.isStillOurs(), false);
    assert.equal(await queue.resolvedReason(), "canceled");
    assert.deepEqual(await lostCause(queue), { kind: "canceled", message: "The task was canceled." });
  });
  it("does not take a failing look for a lost claim", async (t) => {
    const { queue, local } = await claimed(t);
    local.faults = { status503: { method: "status", times: 1 } };
    assert.equal(await queue.isStillOurs(), null);
  });
});
