import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable, Writable } from "node:stream";
import { test } from "node:test";
import { taskcluster } from "./client.ts";
import { type Fixture, iso, minutes, refused, startFixture } from "./fixture.ts";

async function uploaded(fixture: Fixture, content: Buffer) {
  const { taskId, task } = await fixture.claimedTask();
  const expires = iso(fixture.now() + minutes(60));
  const contentType = "application/x-test";
  const artifact = await task.createArtifact(taskId, 0, "public/o", { storageType: "object", contentType, expires });
  const { rootUrl } = fixture.queue;
  await taskcluster.upload({
    ...artifact,
    contentType,
    contentLength: content.length,
    object: new taskcluster.Object({ rootUrl, credentials: artifact.credentials }),
    streamFactory: async () => Readable.from([content]),
  });
  await task.finishArtifact(taskId, 0, "public/o", { uploadId: artifact.uploadId });
  return { taskId, task, artifact };
}

for (const [kind, bytes] of [
  ["inline", 100],
  ["by URL", 100_000],
] as const) {
  test(`an object uploaded ${kind} comes back, with hashes that the client checks`, async (t) => {
    const fixture = await startFixture(t);
    const content = randomBytes(bytes);
    const { taskId } = await uploaded(fixture, content);
    const chunks: Buffer[] = [];
    const contentType = await taskcluster.downloadArtifact({
      taskId,
      runId: 0,
      name: "public/o",
      queue: fixture.root,
      streamFactory: async () =>
        new Writable({
          write(chunk: Buffer, _encoding, done) {
            chunks.push(chunk);
            done();
          },
        }),
    });
    assert.equal(contentType, "application/x-test");
    assert.deepEqual(Buffer.concat(chunks), content);
    assert.equal(fixture.queue.artifacts(taskId)[0]?.blob?.bytes, bytes);
  });
}

test("finishing is for objects, with their own upload id, and may be repeated", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, task, artifact } = await uploaded(fixture, Buffer.from("x"));
  await task.finishArtifact(taskId, 0, "public/o", { uploadId: artifact.uploadId });
  await refused(task.finishArtifact(taskId, 0, "public/o", { uploadId: taskcluster.slugid() }), 400, "InputError");
  const { uploadId } = artifact;
  await refused(task.finishArtifact(taskId, 0, "other", { uploadId }), 404, "ResourceNotFound");
  const s3 = { storageType: "s3", contentType: "text/plain", expires: artifact.expires };
  await task.createArtifact(taskId, 0, "s3", s3);
  await refused(task.finishArtifact(taskId, 0, "s3", { uploadId }), 400, "InputError");
});
