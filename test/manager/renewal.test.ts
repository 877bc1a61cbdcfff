import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createLogger } from "../../agent/logger.ts";
import type { Registration } from "../../agent/manager/check.ts";
import { ManagerClient } from "../../agent/manager/manager-client.ts";
import { Renewal, registered, renewAfterMs } from "../../agent/manager/renewal.ts";
import { WorkerCredentials } from "../../agent/queue/worker-credentials.ts";
import { startManager } from "./manager.ts";

const minutes = (count: number) => count * 60_000;

/** Renewed at once and then not for long. */
function due(registration: Registration): Registration {
  return { ...registration, expires: new Date() };
}

/** The credentials once they were replaced, and what was logged until then. */
async function renewed(client: ManagerClient, first: Registration): Promise<{ own: WorkerCredentials; log: string }> {
  const lines: string[] = [];
  const replaced = Promise.withResolvers<void>();
  const own = new (class extends WorkerCredentials {
    override replace(credentials: Registration["credentials"]): void {
      super.replace(credentials);
      replaced.resolve();
    }
  })(first.credentials);
  const logger = createLogger({ stream: { write: (line) => void lines.push(line) } });
  const end = new AbortController();
  const running = new Renewal(client, due(first), own, logger).run(end.signal);
  await replaced.promise;
  end.abort();
  await running;
  return { own, log: lines.join("") };
}

suite("a worker's credentials", { concurrency: true }, () => {
  test("are renewed half an hour early, where there is so much time", () => {
    assert.equal(renewAfterMs(minutes(96 * 60)), minutes(96 * 60 - 30));
    assert.equal(renewAfterMs(minutes(35)), minutes(5));
    assert.equal(renewAfterMs(minutes(20)), minutes(5));
    assert.equal(renewAfterMs(minutes(5)), minutes(4.5));
    assert.equal(renewAfterMs(minutes(-1)), 1_000);
  });

  test("are replaced by a reregistration, and in no log", async (t) => {
    const { client } = await startManager(t);
    const first = await client.register();
    const { own, log } = await renewed(client, first);
    assert.notEqual(own.newest.accessToken, first.credentials.accessToken);
    assert.match(log, /The worker's credentials are renewed until 20/);
    assert.ok(!log.includes(own.newest.accessToken));
  });

  test("are replaced by a new registration when the secret was used up by a call whose answer was lost", async (t) => {
    const { client, queue } = await startManager(t);
    const first = await client.register();
    queue.faults = { dropResponse: { method: "reregisterWorker", times: 1 } };
    const { own, log } = await renewed(client, first);
    assert.notEqual(own.newest.accessToken, first.credentials.accessToken);
    assert.equal(log.split("could not be renewed").length, 2);
  });

  test("are tried for again when worker-manager has a fault, which is told", async (t) => {
    const { client, queue } = await startManager(t);
    const first = await client.register();
    queue.faults = { status503: { method: "reregisterWorker", times: 1 } };
    const { log } = await renewed(client, first);
    assert.match(log, /"status":503.*The worker's credentials could not be renewed: /);
  });

  test("are asked for again at the start as long as there is no answer, until the worker is to end", async (t) => {
    const { config } = await startManager(t);
    const client = new ManagerClient({ ...config, rootURL: "http://127.0.0.1:9" });
    const end = new AbortController();
    const registering = registered(client, end.signal);
    setImmediate(() => end.abort());
    await assert.rejects(registering, { name: "AbortError" });
  });
});
