import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { checkRegistration, checkTermination } from "../../agent/manager/check.ts";
import { ManagerClient } from "../../agent/manager/manager-client.ts";
import { reference } from "../../agent/manager/reference.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import { WorkerCredentials } from "../../agent/queue/worker-credentials.ts";
import { loadPublished, needsReferences } from "../local/published.ts";
import { startManager, worker } from "./manager.ts";

suite("a worker of a static provider", () => {
  test("gets credentials that claim work, by its secret and as often as it likes", async (t) => {
    const { client, config } = await startManager(t, { registrationMs: 3_600_000 });
    await client.register();
    const { credentials, expires } = await client.register();
    assert.equal(credentials.clientId, "worker/static/test/mac/office/mac-1");
    assert.ok(Math.abs(expires.getTime() - Date.now() - 3_600_000) < 60_000);
    const own = new WorkerCredentials(credentials);
    assert.equal(own.expires?.getTime(), expires.getTime());
    assert.deepEqual(await new QueueClient(config, own).claimWork(1, () => undefined), []);
  });

  test("is refused with another secret, and where nobody knows it", async (t) => {
    const { config } = await startManager(t);
    const wrong = new ManagerClient({ ...config, staticSecret: "x".repeat(44) });
    await assert.rejects(wrong.register(), { status: 400, code: "InputError" });
    const unknown = new ManagerClient({ ...config, workerId: "mac-2" });
    await assert.rejects(unknown.register(), { status: 404 });
  });

  test("gets others for the secret of its newest registration, once", async (t) => {
    const { client } = await startManager(t);
    const first = await client.register();
    const second = await client.reregister(first.secret, first.credentials);
    assert.notEqual(second.credentials.accessToken, first.credentials.accessToken);
    await assert.rejects(client.reregister(first.secret, second.credentials), { status: 400 });
    await client.reregister(second.secret, second.credentials);
  });

  test("hears whether it should end", async (t) => {
    const { client, queue } = await startManager(t);
    const { credentials } = await client.register();
    assert.deepEqual(await client.shouldTerminate(credentials), { terminate: false, reason: "needed" });
    queue.terminate(worker, "launch configuration is gone");
    const told = { terminate: true, reason: "launch configuration is gone" };
    assert.deepEqual(await client.shouldTerminate(credentials), told);
    const other = queue.clientCredentials("other", ["queue:*"]);
    await assert.rejects(client.shouldTerminate(other), { status: 403, code: "InsufficientScopes" });
  });
});

suite("an answer of worker-manager", () => {
  test("that is not what its schema says is refused in a sentence", () => {
    const good = { expires: "2030-01-01T00:00:00Z", credentials: { clientId: "c", accessToken: "t" }, secret: "s" };
    assert.deepEqual(checkRegistration(good).workerConfig, {});
    const wrong = [{}, { ...good, expires: "soon" }, { ...good, secret: 1 }, { ...good, workerConfig: [] }];
    for (const answer of wrong) assert.throws(() => checkRegistration(answer), /The service's answer is not usable: /);
    assert.throws(() => checkTermination({ reason: "x" }), /terminate is neither true nor false/);
    assert.throws(() => checkTermination({ terminate: true }), /reason is no text/);
  });
});

suite("the calls of worker-manager", { skip: needsReferences }, () => {
  for (const { name, method, route, args, query, ...more } of reference.entries) {
    test(`${name} is the published one`, () => {
      const published = loadPublished().entries("worker-manager").get(name);
      const { input } = "input" in more ? more : { input: undefined };
      assert.deepEqual(
        [published?.method, published?.route, published?.query, published?.input],
        [method, route, query, input],
      );
      assert.deepEqual(
        [...route.matchAll(/<(\w+)>/g)].map(([, arg]) => arg),
        args,
      );
    });
  }
});
