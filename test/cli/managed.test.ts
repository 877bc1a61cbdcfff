import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { beManaged } from "../../agent/cli/managed.ts";
import { Stopping } from "../../agent/cli/stopping.ts";
import type { AgentConfig } from "../../agent/config.ts";
import { createLogger } from "../../agent/logger.ts";
import { WorkerCredentials } from "../../agent/queue/worker-credentials.ts";
import { startManager, worker } from "../manager/manager.ts";

/** A worker that ends with the test, and how it is managed. */
async function managed(t: TestContext, hasRunner: boolean, settings: Partial<AgentConfig> = {}) {
  const { queue, config } = await startManager(t);
  const workerConfig = { genericWorker: { config: { capacity: 4 }, files: [] } };
  const staticSecret = queue.addStaticWorker({ ...worker, providerId: "static", workerConfig });
  const own = queue.workerCredentials(worker.workerPoolId, worker.workerGroup, worker.workerId);
  const credentials = new WorkerCredentials(own);
  const stopping = new Stopping();
  t.after(() => stopping.ask({ end: "terminated", finishTasks: true }));
  const lines: string[] = [];
  const logger = createLogger({ stream: { write: (line) => void lines.push(line) } });
  const all = { ...config, staticSecret, ...settings };
  const become = () => beManaged(all, credentials, stopping, hasRunner, logger);
  return { queue, own, credentials, stopping, lines, become };
}

suite("a worker", () => {
  test("that registers itself has other credentials, and says what of the pool's settings it does not use", async (t) => {
    const { own, credentials, lines, become } = await managed(t, false);
    assert.notEqual(await become(), null);
    assert.notEqual(credentials.newest, own);
    assert.equal(credentials.newest.clientId, "worker/static/test/mac/office/mac-1");
    const log = lines.join("");
    assert.match(log, /Registered with worker-manager until 20/);
    assert.match(log, /settings for this worker pool that are not used \(capacity, files\)/);
    assert.ok(!log.includes(credentials.newest.accessToken));
  });

  test("that worker-manager does not know ends, with a sentence", async (t) => {
    const { become } = await managed(t, false, { staticSecret: "x".repeat(44) });
    const message = /^worker-manager does not register this worker: The worker's identity is not proven/;
    await assert.rejects(become(), { name: "EndError", end: "not-registered", message });
  });

  test("that worker-runner has started keeps its credentials, and ends when worker-manager wants it", async (t) => {
    const { queue, own, credentials, stopping, become } = await managed(t, true);
    queue.terminate(worker, "too many");
    const watch = await become();
    assert.equal(credentials.newest, own);
    await watch?.look();
    assert.ok(stopping.gently.aborted);
    const reason = { kind: "termination", message: "worker-manager wants the worker to end: too many" };
    assert.deepEqual(stopping.wish, { end: "worker-manager", finishTasks: true, reason });
  });

  test("with fixed credentials asks worker-manager nothing", async (t) => {
    const workerLocation = JSON.stringify({ cloud: "standalone" });
    assert.equal(await (await managed(t, true, { workerLocation })).become(), null);
    assert.equal(await (await managed(t, false, { staticSecret: "" })).become(), null);
  });
});
