import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { type AgentConfig, defaultConfig } from "../agent/config.ts";
import { type LocalQueue, startLocalQueue } from "../agent/local/queue.ts";
import { isLocalAddress, ServiceCheck } from "../agent/service-check.ts";
import { parseServiceReport } from "../shared/service-report.ts";

suite("How the worker's services answer", () => {
  let blobDir = "";
  let queue: LocalQueue;
  before(async () => {
    blobDir = await mkdtemp(join(tmpdir(), "service-check-"));
    queue = await startLocalQueue({ blobDir });
  });
  after(async () => {
    await queue.close();
    await rm(blobDir, { recursive: true });
  });

  function configOf(workerId: string, change: Partial<AgentConfig> = {}): AgentConfig {
    const worker = { provisionerId: "mac", workerType: "x", workerGroup: "office", workerId };
    const credentials = queue.workerCredentials("mac/x", "office", workerId);
    return { ...defaultConfig, rootURL: queue.rootUrl, ...worker, ...credentials, ...change };
  }

  async function reportOf(config: AgentConfig, mayRegister = true) {
    const report = await new ServiceCheck(config, mayRegister).report();
    assert.deepEqual(parseServiceReport(JSON.stringify(report)), report, "doctor understands it");
    return report;
  }

  test("with a reachable queue, the scopes that a worker needs, and a clock like ours", async () => {
    const { clockAheadMs, isLocal, queue: asked, scopes, workerManager, worker } = await reportOf(configOf("good"));
    assert.equal(asked.state, "fine", asked.what);
    assert.deepEqual(scopes, { state: "fine", what: "local/worker/mac/x/office/good may claim for mac/x" });
    assert.deepEqual([workerManager.state, worker, isLocal], ["not-asked", "mac/x/office/good", false]);
    assert.ok(clockAheadMs !== null && Math.abs(clockAheadMs) < 30_000);
  });

  test("with the scopes that are missing", async () => {
    const credentials = queue.clientCredentials("lacking", ["queue:claim-work:mac/*"]);
    const { scopes } = await reportOf(configOf("lacking", credentials));
    assert.ok(scopes.state === "failed");
    assert.deepEqual(
      [scopes.code, scopes.what],
      ["InsufficientScopes", "lacking lacks queue:worker-id:office/lacking"],
    );
  });

  test("with what a worker cannot see that has only the scopes it needs", async () => {
    const granted = ["queue:claim-work:mac/x", "queue:worker-id:office/*"];
    const { scopes } = await reportOf(configOf("blind", queue.clientCredentials("blind", granted)));
    assert.equal(scopes.state, "fine");
    assert.match(scopes.what, /without queue:get-worker:mac\/x\/office\/blind a quarantine is not seen/);
  });

  test("with what auth says to a wrong access token", async () => {
    const { queue: asked, scopes } = await reportOf(configOf("wrong", { accessToken: "w".repeat(22) }));
    assert.equal(asked.state, "fine");
    assert.ok(scopes.state === "failed");
    assert.equal(scopes.code, "AuthenticationFailed");
  });

  test("registered, for a worker that does so, and by the credentials that it is given", async () => {
    const worker = { workerPoolId: "mac/x", workerGroup: "office", workerId: "static", providerId: "lab" };
    const own = { staticSecret: queue.addStaticWorker(worker), providerId: "lab", clientId: "", accessToken: "" };
    const { scopes, workerManager } = await reportOf(configOf("static", own));
    assert.match(workerManager.what, /^it registers this worker, until 2/);
    assert.deepEqual(scopes, { state: "fine", what: "worker/lab/mac/x/office/static may claim for mac/x" });
    queue.terminate(worker, "too old");
    const { workerManager: later } = await reportOf(configOf("static", own));
    assert.deepEqual(later, { state: "failed", code: "Termination", what: "it wants this worker to end: too old" });
  });

  test("not registered beside a worker that is", async () => {
    const own = { staticSecret: "s".repeat(44), providerId: "lab" };
    const { scopes, workerManager } = await reportOf(configOf("static-2", own), false);
    assert.deepEqual([scopes.state, workerManager.state], ["not-asked", "not-asked"]);
  });

  test("refused by worker-manager, which does not know the worker", async () => {
    const { workerManager } = await reportOf(configOf("nobody", { staticSecret: "s".repeat(44), providerId: "lab" }));
    assert.ok(workerManager.state === "failed");
    assert.equal(workerManager.code, "ResourceNotFound");
  });

  test("with the system's code where nothing answers", async () => {
    const { clockAheadMs, queue: asked } = await reportOf(configOf("far", { rootURL: "http://127.0.0.1:9" }));
    assert.ok(asked.state === "failed");
    assert.deepEqual([asked.code, clockAheadMs], ["ECONNREFUSED", null]);
  });

  test("failed, when something answers that is no queue; and by its clock", async (t) => {
    const portal = createServer((_, response) => {
      response.setHeader("Date", new Date(Date.now() - 3_600_000).toUTCString());
      response.setHeader("Content-Type", "application/json");
      response.end('{"alive": "and kicking"}');
    });
    await new Promise<void>((resolve) => portal.listen(0, "127.0.0.1", resolve));
    t.after(() => portal.close());
    const { port } = portal.address() as AddressInfo; // a server on a port has one
    const { clockAheadMs, queue: asked } = await reportOf(configOf("portal", { rootURL: `http://127.0.0.1:${port}` }));
    assert.equal(asked.state, "failed");
    assert.match(asked.what, /not usable: it is not that of a queue/);
    assert.ok(clockAheadMs !== null && Math.abs(clockAheadMs - 3_600_000) < 60_000);
  });
});

test("an address of a local network is one, and others and loopback are none", () => {
  const local = ["10.1.2.3", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.9.9", "fe80::1", "fd12::1"];
  const others = ["127.0.0.1", "172.32.0.1", "192.169.0.1", "8.8.8.8", "::1", "2001:db8::1"];
  assert.deepEqual(
    local.filter((address) => !isLocalAddress(address)),
    [],
  );
  assert.deepEqual(others.filter(isLocalAddress), []);
});
