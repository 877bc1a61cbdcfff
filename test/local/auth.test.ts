import assert from "node:assert/strict";
import { test } from "node:test";
import { client } from "hawk";
import { taskcluster } from "./client.ts";
import { definition, iso, minutes, refused, signedFetch, startFixture } from "./fixture.ts";

test("without credentials anyone may look at tasks and public artifacts, and do nothing else", async (t) => {
  const { anonymous, claimedTask, now } = await startFixture(t);
  const { taskId } = await claimedTask();
  await anonymous.ping();
  await anonymous.task(taskId);
  await anonymous.status(taskId);
  await anonymous.listLatestArtifacts(taskId);
  await refused(anonymous.cancelTask(taskId), 403, "InsufficientScopes");
  await refused(anonymous.createTask(taskcluster.slugid(), definition(now())), 403, "InsufficientScopes");
  await refused(anonymous.reclaimTask(taskId, 0), 403, "InsufficientScopes");
});

test("19: a wrong key, an unknown client and an old signature are 401 and name Hawk", async (t) => {
  const { queue, apiUrl, createTask } = await startFixture(t);
  const url = `${apiUrl}/task/${await createTask()}`;
  const { rootCredentials } = queue;
  const answers = [
    await signedFetch(url, {}, { ...rootCredentials, accessToken: "wrong" }),
    await signedFetch(url, {}, { ...rootCredentials, clientId: "nobody" }),
    await signedFetch(url, {}, rootCredentials, { timestamp: Math.floor(Date.now() / 1000) - 16 * 60 }),
    await fetch(url, { headers: { authorization: "Basic abc" } }),
  ];
  for (const answer of answers) {
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get("www-authenticate"), "hawk");
  }
  const recent = await signedFetch(url, {}, rootCredentials, { timestamp: Math.floor(Date.now() / 1000) - 14 * 60 });
  assert.equal(recent.status, 200);
});

test("19: a signature is for one URL, byte for byte", async (t) => {
  const { queue, apiUrl, createTask } = await startFixture(t);
  const url = `${apiUrl}/task/${await createTask()}/artifacts/private%2Fa`;
  assert.equal((await signedFetch(url, {}, queue.rootCredentials)).status, 404);
  const { clientId: id, accessToken: key } = queue.rootCredentials;
  const signed = client.header(url.replace("%2F", "/"), "GET", { credentials: { id, key, algorithm: "sha256" } });
  assert.equal((await fetch(url, { headers: { authorization: signed.header } })).status, 401);
});

test("19: a certificate that was tampered with is 401", async (t) => {
  const { apiUrl, claimedTask } = await startFixture(t);
  const { taskId, claim } = await claimedTask();
  const certificate = JSON.parse(claim.credentials.certificate);
  const more = JSON.stringify({ ...certificate, scopes: [...certificate.scopes, "*"] });
  const later = JSON.stringify({ ...certificate, expiry: certificate.expiry + 1000 });
  const url = `${apiUrl}/task/${taskId}/runs/0/reclaim`;
  for (const forged of [more, later, "{}"]) {
    const answer = await signedFetch(url, { method: "POST" }, { ...claim.credentials, certificate: forged });
    assert.equal(answer.status, 401);
  }
  assert.equal((await signedFetch(url, { method: "POST" }, claim.credentials)).status, 200);
});

test("19: authorizedScopes restrict, and are 401 when the client does not have them", async (t) => {
  const { queue, claimedTask } = await startFixture(t);
  const { taskId, claim } = await claimedTask({ scopes: ["some:scope:*"] });
  const restricted = (authorizedScopes: string[]) =>
    new taskcluster.Queue({ rootUrl: queue.rootUrl, credentials: claim.credentials, authorizedScopes, retries: 0 });
  await restricted([`queue:reclaim-task:${taskId}/0`]).reclaimTask(taskId, 0);
  await refused(restricted(["some:scope:x"]).reclaimTask(taskId, 0), 403, "InsufficientScopes");
  await refused(restricted(["other:scope"]).reclaimTask(taskId, 0), 401, "AuthenticationFailed");
  await restricted([]).status(taskId);
});

test("19: authentication and scopes come before everything else where the URL says what is needed", async (t) => {
  const { apiUrl, claimedTask, worker } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  await refused(worker.reclaimTask(taskcluster.slugid(), 0), 403, "InsufficientScopes");
  await refused(worker.createArtifact(taskId, 0, "a", { nonsense: true }), 403, "InsufficientScopes");
  await refused(task.reportCompleted(taskId, 1), 403, "InsufficientScopes");
  const bad = await fetch(`${apiUrl}/task/not-a-task-id`);
  assert.equal(bad.status, 400);
});

test("19: where the task says which scopes are needed, 404 comes before 403", async (t) => {
  const { anonymous, createTask } = await startFixture(t);
  await refused(anonymous.cancelTask(taskcluster.slugid()), 404, "ResourceNotFound");
  await refused(anonymous.rerunTask(await createTask()), 403, "InsufficientScopes");
});

test("temporary credentials made by a client work, with and without a name", async (t) => {
  const { queue, createTask } = await startFixture(t);
  const taskId = await createTask();
  const options = { start: new Date(), expiry: new Date(Date.now() + minutes(5)), credentials: queue.rootCredentials };
  for (const name of [{}, { clientId: "someone" }]) {
    const scopes = ["queue:cancel-task:*"];
    const credentials = taskcluster.createTemporaryCredentials({ ...options, ...name, scopes });
    const client = new taskcluster.Queue({ rootUrl: queue.rootUrl, credentials, retries: 0 });
    await client.cancelTask(taskId);
    await refused(client.rerunTask(taskId), 403, "InsufficientScopes");
  }
});

test("a client cannot issue scopes or names that it does not have", async (t) => {
  const { queue, createTask } = await startFixture(t);
  const taskId = await createTask();
  const issuer = queue.clientCredentials("issuer", ["auth:create-client:mine/*", "queue:status:*"]);
  const options = { start: new Date(), expiry: new Date(Date.now() + minutes(5)), credentials: issuer };
  const call = (more: object) => {
    const credentials = taskcluster.createTemporaryCredentials({ ...options, ...more });
    return new taskcluster.Queue({ rootUrl: queue.rootUrl, credentials, retries: 0 }).status(taskId);
  };
  await call({ clientId: "mine/a", scopes: ["queue:status:x"] });
  await refused(call({ clientId: "mine/a", scopes: ["queue:cancel-task:*"] }), 401, "AuthenticationFailed");
  await refused(call({ clientId: "other", scopes: [] }), 401, "AuthenticationFailed");
});

test("a bewit reads a private artifact until it expires, and signs nothing but GET", async (t) => {
  const { root, queue, claimedTask, now } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  await task.createArtifact(taskId, 0, "private/a b", {
    storageType: "reference",
    contentType: "text/plain",
    url: "http://127.0.0.1:1/x",
    expires: iso(now() + minutes(60)),
  });
  const url = root.buildSignedUrl(root.getArtifact, taskId, 0, "private/a b", { expiration: 60 });
  assert.equal((await fetch(url, { redirect: "manual" })).status, 303);
  assert.equal((await fetch(`${url}x`, { redirect: "manual" })).status, 401);
  assert.equal((await signedFetch(url, { redirect: "manual" }, queue.rootCredentials)).status, 401);
  const past = root.buildSignedUrl(root.getArtifact, taskId, 0, "private/a b", { expiration: -1 });
  assert.equal((await fetch(past, { redirect: "manual" })).status, 401);
});

test("a payload hash is checked when there is one", async (t) => {
  const { queue, apiUrl, now } = await startFixture(t);
  const url = `${apiUrl}/task/${taskcluster.slugid()}`;
  const body = JSON.stringify(definition(now()));
  const put = (payload: string) => signedFetch(url, { method: "PUT", body }, queue.rootCredentials, { payload });
  assert.equal((await put(`${body} `)).status, 401);
  assert.equal((await put(body)).status, 200);
});
