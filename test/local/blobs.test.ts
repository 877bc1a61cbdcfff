import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Fixture, iso, minutes, startFixture } from "./fixture.ts";

async function created(fixture: Fixture, contentType = "text/plain") {
  const { taskId, task } = await fixture.claimedTask();
  const expires = iso(fixture.now() + minutes(90));
  const { putUrl } = await task.createArtifact(taskId, 0, "public/a", { storageType: "s3", contentType, expires });
  return { taskId, putUrl, readUrl: `${fixture.apiUrl}/task/${taskId}/runs/0/artifacts/public/a` };
}

/** A PUT whose framing headers are exactly those given. */
async function rawPut(url: string, headers: Record<string, string>, body = ""): Promise<number | undefined> {
  const sent = request(url, { method: "PUT", headers });
  sent.end(body);
  const [answer] = await once(sent, "response");
  answer.resume();
  return answer.statusCode;
}

test("12: a PUT without Content-Length is 411", async (t) => {
  const fixture = await startFixture(t);
  const { putUrl } = await created(fixture);
  const headers = { "content-type": "text/plain", "transfer-encoding": "chunked" };
  assert.equal(await rawPut(putUrl, headers, "hello"), 411);
  assert.deepEqual(await fixture.blobFiles(), []);
});

test("12: a PUT with another Content-Type than the signed one is 403", async (t) => {
  const fixture = await startFixture(t);
  const { putUrl } = await created(fixture, "text/plain; charset=utf-8");
  assert.equal(await rawPut(putUrl, { "content-type": "text/plain", "content-length": "5" }, "hello"), 403);
  assert.equal(await rawPut(putUrl, { "content-length": "5" }, "hello"), 403);
  assert.equal(
    await rawPut(putUrl, { "content-type": "text/plain; charset=utf-8", "content-length": "5" }, "hello"),
    200,
  );
});

test("12: the stored Content-Encoding comes back and the content is not decoded", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, putUrl, readUrl } = await created(fixture);
  const zipped = gzipSync("hello");
  const put = await fetch(putUrl, {
    method: "PUT",
    body: zipped,
    headers: { "content-type": "text/plain", "content-encoding": "gzip" },
  });
  assert.equal(put.status, 200);
  const { headers } = await fetch(readUrl, { redirect: "manual" });
  const got = request(headers.get("location") ?? "").end();
  const [answer] = await once(got, "response");
  const chunks = await answer.toArray();
  assert.equal(answer.headers["content-encoding"], "gzip");
  assert.equal(answer.headers["content-type"], "text/plain");
  assert.equal(gunzipSync(Buffer.concat(chunks)).toString(), "hello");
  assert.equal(fixture.queue.artifacts(taskId)[0]?.blob?.contentEncoding, "gzip");
});

test("12: an empty body is a blob of no bytes", async (t) => {
  const fixture = await startFixture(t);
  const { putUrl, readUrl } = await created(fixture);
  assert.equal(await rawPut(putUrl, { "content-type": "text/plain", "content-length": "0" }), 200);
  const answer = await fetch(readUrl);
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), "");
});

test("a Content-Type that is no media type works if it is the signed one", async (t) => {
  const fixture = await startFixture(t);
  const { putUrl, readUrl } = await created(fixture, "whatever");
  assert.equal(await rawPut(putUrl, { "content-type": "whatever", "content-length": "2" }, "hi"), 200);
  assert.equal((await fetch(readUrl)).headers.get("content-type"), "whatever");
});

test("a large blob comes back byte for byte", async (t) => {
  const fixture = await startFixture(t);
  const { putUrl, readUrl } = await created(fixture);
  const block = randomBytes(1024 * 1024);
  const blocks = 32;
  const put = request(putUrl, {
    method: "PUT",
    headers: { "content-type": "text/plain", "content-length": String(block.length * blocks) },
  });
  const sent = createHash("sha256");
  for (let i = 0; i < blocks; i += 1) {
    sent.update(block);
    if (!put.write(block)) await once(put, "drain");
  }
  put.end();
  const [answer] = await once(put, "response");
  assert.equal(answer.statusCode, 200);
  answer.resume();
  const received = createHash("sha256");
  for await (const chunk of (await fetch(readUrl)).body ?? []) received.update(chunk);
  assert.equal(received.digest("hex"), sent.digest("hex"));
});

test("a PUT that breaks off leaves nothing behind, and what was there stays", async (t) => {
  const fixture = await startFixture(t);
  const { taskId, putUrl, readUrl } = await created(fixture);
  await rawPut(putUrl, { "content-type": "text/plain", "content-length": "3" }, "old");
  const [stored] = await fixture.blobFiles();
  const { port, pathname } = new URL(putUrl);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(`PUT ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf`);
  const deadline = Date.now() + 5000;
  const until = async (count: number) => {
    while ((await fixture.blobFiles()).length !== count) {
      assert.ok(Date.now() < deadline, `there are never ${count} files`);
      await setImmediate();
    }
  };
  await until(2);
  socket.destroy();
  await until(1);
  assert.deepEqual(await fixture.blobFiles(), [stored]);
  assert.equal(await (await fetch(readUrl)).text(), "old");
  assert.equal(fixture.queue.artifacts(taskId)[0]?.blob?.bytes, 3);
});

test("an upload URL is good for 45 minutes and for nothing when made up", async (t) => {
  const fixture = await startFixture(t);
  const { putUrl } = await created(fixture);
  const headers = { "content-type": "text/plain", "content-length": "0" };
  assert.equal(await rawPut(`${putUrl}x`, headers), 403);
  fixture.advance(minutes(44));
  assert.equal(await rawPut(putUrl, headers), 200);
  fixture.advance(minutes(2));
  assert.equal(await rawPut(putUrl, headers), 403);
});

test("content that was never uploaded is 404", async (t) => {
  const { readUrl } = await created(await startFixture(t));
  assert.equal((await fetch(readUrl)).status, 404);
});

test("a PUT can be made to fail and to lose its answer", async (t) => {
  const fixture = await startFixture(t);
  const { putUrl, taskId } = await created(fixture);
  const headers = { "content-type": "text/plain", "content-length": "1" };
  fixture.queue.faults = { status503: { method: "putBlob", times: 1 }, dropResponse: { method: "putBlob", times: 1 } };
  assert.equal(await rawPut(putUrl, headers, "a"), 503);
  await assert.rejects(rawPut(putUrl, headers, "a"), { code: "ECONNRESET" });
  assert.equal(fixture.queue.artifacts(taskId)[0]?.blob?.bytes, 1);
  assert.equal(await rawPut(putUrl, headers, "b"), 200);
});
