import assert from "node:assert/strict";
import { test } from "node:test";
import { taskcluster } from "./client.ts";
import { iso, minutes, pool, refused, startFixture, worker } from "./fixture.ts";

test("a worker hears which of its pool's caches to forget, for a day, since a time", async (t) => {
  const { queue, advance, now } = await startFixture(t);
  const { rootUrl, rootCredentials } = queue;
  const root = new taskcluster.PurgeCache({ rootUrl, credentials: rootCredentials, retries: 0 });
  const credentials = queue.workerCredentials(pool, worker.workerGroup, worker.workerId);
  const client = new taskcluster.PurgeCache({ rootUrl, credentials, retries: 0 });
  const names = async (options: object = {}) =>
    (await client.purgeRequests(pool, options)).requests.map(({ cacheName }) => cacheName);
  await refused(client.purgeCache(pool, { cacheName: "one" }), 403, "InsufficientScopes");
  await root.purgeCache(pool, { cacheName: "one" });
  await root.purgeCache("other/pool", { cacheName: "two" });
  assert.deepEqual(await names(), ["one"]);
  await refused(client.purgeRequests("other/pool"), 403, "InsufficientScopes");
  advance(minutes(60));
  await root.purgeCache(pool, { cacheName: "three" });
  assert.deepEqual(await names({ since: iso(now() - minutes(1)) }), ["three"]);
  advance(minutes(23 * 60 + 1));
  assert.deepEqual(await names(), ["three"]);
});
