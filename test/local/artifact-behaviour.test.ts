import assert from "node:assert/strict";
import { test } from "node:test";
import { taskcluster } from "./client.ts";
import { type Fixture, iso, minutes, pool, refused, startFixture, worker } from "./fixture.ts";

const inAnHour = ({ now }: Fixture) => iso(now() + minutes(60));

test("9: an artifact of a missing task, a missing run or an unclaimed run is 400", async (t) => {
  const fixture = await startFixture(t);
  const { root, createTask } = fixture;
  const request = { storageType: "s3", contentType: "text/plain", expires: inAnHour(fixture) };
  await refused(root.createArtifact(taskcluster.slugid(), 0, "a", request), 400, "InputError");
  const pending = await createTask();
  await refused(root.createArtifact(pending, 0, "a", request), 400, "InputError");
  await refused(root.createArtifact(pending, 1, "a", request), 400, "InputError");
});

test("9: after completed or failed no artifact can be created", async (t) => {
  const fixture = await startFixture(t);
  const request = { storageType: "s3", contentType: "text/plain", expires: inAnHour(fixture) };
  const completed = await fixture.claimedTask();
  await completed.task.reportCompleted(completed.taskId, 0);
  await refused(completed.task.createArtifact(completed.taskId, 0, "a", request), 409, "RequestConflict");
  const failed = await fixture.claimedTask();
  await failed.task.reportFailed(failed.taskId, 0);
  await refused(failed.task.createArtifact(failed.taskId, 0, "a", request), 409, "RequestConflict");
});

test("9: after an exception artifacts can be created for 25 minutes", async (t) => {
  const fixture = await startFixture(t, { claimTimeoutMs: minutes(40) });
  const { taskId, task } = await fixture.claimedTask();
  const request = { storageType: "s3", contentType: "text/plain", expires: inAnHour(fixture) };
  await fixture.root.cancelTask(taskId);
  fixture.advance(minutes(24));
  await task.createArtifact(taskId, 0, "a", request);
  fixture.advance(minutes(2));
  await refused(task.createArtifact(taskId, 0, "b", request), 409, "RequestConflict");
});

test("9: an artifact may not outlive its task, be expired or have other properties", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask({ expires: iso(fixture.now() + minutes(90)) });
  const request = { storageType: "s3", contentType: "text/plain" };
  const create = (fields: object) => task.createArtifact(taskId, 0, "a", { ...request, ...fields });
  await refused(create({ expires: iso(fixture.now() + minutes(91)) }), 400, "InputError");
  await refused(create({ expires: iso(fixture.now() - minutes(16)) }), 400, "InputError");
  await refused(create({ expires: inAnHour(fixture), contentEncoding: "gzip" }), 400, "InputValidationError");
  await create({ expires: inAnHour(fixture), contentLength: 0 });
});

test("10: s3 and error artifacts can be created again as they were, or with a later expiry", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const [sooner, later] = [iso(fixture.now() + minutes(30)), iso(fixture.now() + minutes(40))];
  const s3 = { storageType: "s3", contentType: "text/plain", expires: sooner };
  const create = (name: string, request: object) => task.createArtifact(taskId, 0, name, request);
  const first = await create("s3", s3);
  assert.notEqual((await create("s3", s3)).putUrl, first.putUrl);
  await create("s3", { ...s3, expires: later });
  await refused(create("s3", s3), 409, "RequestConflict");
  await refused(create("s3", { ...s3, expires: later, contentType: "text/html" }), 409, "RequestConflict");
  const error = { storageType: "error", reason: "file-missing-on-worker", message: "gone", expires: sooner };
  await create("error", error);
  await create("error", error);
  await refused(create("error", { ...error, message: "other" }), 409, "RequestConflict");
  await refused(create("error", { ...s3 }), 409, "RequestConflict");
});

test("10: a reference can get another target or become a link, never the other way", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const expires = inAnHour(fixture);
  const create = (request: object) => task.createArtifact(taskId, 0, "live.log", { expires, ...request });
  const reference = { storageType: "reference", contentType: "text/plain", url: "http://127.0.0.1:1/one" };
  await create(reference);
  await create({ ...reference, url: "http://127.0.0.1:1/two" });
  await refused(create({ ...reference, contentType: "text/html" }), 409, "RequestConflict");
  await create({ storageType: "link", artifact: "backing.log" });
  await refused(create(reference), 409, "RequestConflict");
  await refused(create({ storageType: "link", artifact: "other.log" }), 409, "RequestConflict");
});

test("10: an object cannot be created twice, and the failure is a 500", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const object = { storageType: "object", contentType: "text/plain", expires: inAnHour(fixture) };
  await task.createArtifact(taskId, 0, "a", object);
  await refused(task.createArtifact(taskId, 0, "a", object), 500, "InternalServerError");
});

test("11: an s3 artifact is listed at once, an object only when it is finished", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const expires = inAnHour(fixture);
  await task.createArtifact(taskId, 0, "s3", { storageType: "s3", contentType: "text/plain", expires });
  const object = await task.createArtifact(taskId, 0, "object", {
    storageType: "object",
    contentType: "text/css",
    expires,
  });
  const names = async () => (await fixture.anonymous.listArtifacts(taskId, 0)).artifacts.map(({ name }) => name);
  assert.deepEqual(await names(), ["s3"]);
  const { uploadId } = object;
  await refused(task.finishArtifact(taskId, 0, "object", { uploadId }), 400, "InputError");
  const { Object: ObjectClient, upload } = taskcluster;
  const { Readable } = await import("node:stream");
  await upload({
    ...object,
    contentType: "text/css",
    contentLength: 4,
    object: new ObjectClient({ rootUrl: fixture.queue.rootUrl, credentials: object.credentials }),
    streamFactory: async () => Readable.from([Buffer.from("data")]),
  });
  assert.equal(await task.finishArtifact(taskId, 0, "object", { uploadId }), undefined);
  assert.deepEqual(await names(), ["object", "s3"]);
  assert.equal(fixture.queue.artifacts(taskId)[0]?.blob?.bytes, 4);
});

test("13: reading an artifact answers 303 with the address also as JSON, and the storage type", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const reference = { storageType: "reference", contentType: "text/plain", url: "http://127.0.0.1:1/x?y=z" };
  await task.createArtifact(taskId, 0, "public/r", { ...reference, expires: inAnHour(fixture) });
  const answer = await fetch(`${fixture.apiUrl}/task/${taskId}/runs/0/artifacts/public/r`, { redirect: "manual" });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), reference.url);
  assert.equal(answer.headers.get("x-taskcluster-artifact-storage-type"), "reference");
  assert.deepEqual(await answer.json(), { storageType: "reference", url: reference.url });
  assert.deepEqual(await fixture.anonymous.artifact(taskId, 0, "public/r"), {
    storageType: "reference",
    url: reference.url,
  });
});

test("13: an error artifact is 424 and says why", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const why = { reason: "too-large-file-on-worker", message: "12 GB" };
  await task.createArtifact(taskId, 0, "public/e", { storageType: "error", ...why, expires: inAnHour(fixture) });
  const answer = await fetch(`${fixture.apiUrl}/task/${taskId}/artifacts/public/e`);
  assert.equal(answer.status, 424);
  assert.deepEqual(await answer.json(), why);
});

test("13: links are followed, each name needs its scope, circles are 400", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const expires = inAnHour(fixture);
  const link = (name: string, artifact: string) =>
    task.createArtifact(taskId, 0, name, { storageType: "link", artifact, expires });
  await link("public/latest", "private/log");
  await task.createArtifact(taskId, 0, "private/log", {
    storageType: "reference",
    contentType: "text/plain",
    url: "http://127.0.0.1:1/log",
    expires,
  });
  assert.equal((await fixture.root.getArtifact(taskId, 0, "public/latest")).url, "http://127.0.0.1:1/log");
  await refused(fixture.anonymous.getArtifact(taskId, 0, "public/latest"), 403, "InsufficientScopes");
  await link("public/a", "public/b");
  await link("public/b", "public/a");
  await refused(fixture.anonymous.getArtifact(taskId, 0, "public/a"), 400, "InputError");
});

test("13: an expired artifact is 410, a missing one 404, and for strangers 403 first", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const request = { storageType: "s3", contentType: "text/plain", expires: iso(fixture.now() + minutes(5)) };
  await task.createArtifact(taskId, 0, "public/a", request);
  fixture.advance(minutes(6));
  await refused(fixture.anonymous.getArtifact(taskId, 0, "public/a"), 410, "ResourceExpired");
  await refused(fixture.anonymous.getArtifact(taskId, 0, "public/b"), 404, "ResourceNotFound");
  await refused(fixture.anonymous.getArtifact(taskId, 0, "private/b"), 403, "InsufficientScopes");
});

test("13: the latest artifact is that of the highest run, or 404", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const request = { storageType: "s3", contentType: "text/plain", expires: inAnHour(fixture) };
  await task.createArtifact(taskId, 0, "public/a", request);
  await fixture.anonymous.getLatestArtifact(taskId, "public/a");
  await task.reportException(taskId, 0, { reason: "worker-shutdown" });
  await refused(fixture.anonymous.getLatestArtifact(taskId, "public/a"), 404, "ResourceNotFound");
  await fixture.anonymous.getArtifact(taskId, 0, "public/a");
});

test("14: %2F and a plain slash are the same in paths, and run ids are integers in bodies", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, claim, task } = await fixture.claimedTask();
  assert.equal(claim.runId, 0);
  const request = { storageType: "s3", contentType: "text/plain", expires: inAnHour(fixture) };
  await task.createArtifact(taskId, 0, "public/dir/a.log", request);
  for (const path of ["public/dir/a.log", "public%2Fdir%2Fa.log"]) {
    const answer = await fetch(`${fixture.apiUrl}/task/${taskId}/runs/0/artifact-info/${path}`);
    assert.equal(answer.status, 200);
  }
  const slash = await fetch(`${fixture.apiUrl}/claim-work/${pool}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(worker),
  });
  assert.equal(slash.status, 403);
});

test("23: artifact names may hold any printable ASCII, and nothing else", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const request = { storageType: "s3", contentType: "text/plain", expires: inAnHour(fixture) };
  const names = ["public/a b", "public/50% #1?x=y&z", "public//twice/", 'public/~!@$^*()[]{}|\\"<>+=;:,', "public/%2F"];
  for (const name of names) await task.createArtifact(taskId, 0, name, request);
  const listed = await fixture.anonymous.listLatestArtifacts(taskId);
  assert.deepEqual(listed.artifacts.map(({ name }) => name).sort(), [...names].sort());
  for (const name of names) assert.equal((await fixture.anonymous.artifactInfo(taskId, 0, name))["name"], name);
  await refused(task.createArtifact(taskId, 0, "public/é", request), 400, "InvalidRequestArguments");
  await refused(task.createArtifact(taskId, 0, "public/a\n", request), 400, "InvalidRequestArguments");
});

test("23: an artifact needs an expiry", async (t) => {
  const { claimedTask } = await startFixture(t);
  const { taskId, task } = await claimedTask();
  const request = { storageType: "s3", contentType: "text/plain" };
  await refused(task.createArtifact(taskId, 0, "a", request), 400, "InputValidationError");
});

test("artifacts are listed page by page", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task } = await fixture.claimedTask();
  const request = { storageType: "s3", contentType: "text/plain", expires: inAnHour(fixture) };
  for (const name of ["c", "a", "b"]) await task.createArtifact(taskId, 0, name, request);
  const first = await fixture.anonymous.listArtifacts(taskId, 0, { limit: 2 });
  assert.deepEqual(
    first.artifacts.map(({ name }) => name),
    ["a", "b"],
  );
  const { continuationToken } = first;
  const second = await fixture.anonymous.listArtifacts(taskId, 0, { limit: 2, continuationToken });
  assert.deepEqual(second, { artifacts: second.artifacts });
  assert.deepEqual(
    second.artifacts.map(({ name }) => name),
    ["c"],
  );
});
