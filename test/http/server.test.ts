import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type AgentServer, startServer } from "../../agent/http/server.ts";
import { TaskLog } from "../../agent/task-log.ts";

const loopback = { publicIP: "", livelogExposePort: 0 };

async function serve(t: TestContext): Promise<{ server: AgentServer; log: TaskLog }> {
  const folder = await mkdtemp(join(tmpdir(), "http-"));
  const log = await TaskLog.open(join(folder, "live_backing.log"));
  const server = await startServer(loopback);
  t.after(async () => {
    await server.close();
    await log.close();
    await rm(folder, { recursive: true });
  });
  return { server, log };
}

function respond(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { agent: false }, resolve).once("error", reject));
}

async function write(log: TaskLog, bytes: Uint8Array): Promise<void> {
  if (!log.output.write(bytes)) await once(log.output, "drain");
}

test("a live log is at an unguessable address on loopback", async (t) => {
  const { server, log } = await serve(t);
  const { url } = server.liveLogs.publish(log);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/log\/[A-Za-z0-9_-]{22,}$/);
  assert.notEqual(server.liveLogs.publish(log).url, url);
});

test("a reader sees what was written before and what comes, and the end", async (t) => {
  const { server, log } = await serve(t);
  log.raw("before");
  const response = await respond(server.liveLogs.publish(log).url);
  assert.equal(response.statusCode, 200);
  const [first] = await once(response, "data");
  assert.equal(String(first), "before\n");
  log.raw("after");
  const [second] = await once(response, "data");
  assert.equal(String(second), "after\n");
  response.resume();
  await Promise.all([once(response, "end"), log.close()]);
});

test("browsers of other sites may read the log, as text", async (t) => {
  const { server, log } = await serve(t);
  await log.close();
  for (const method of ["GET", "HEAD"]) {
    const { status, headers } = await fetch(server.liveLogs.publish(log).url, { method });
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.equal(headers.get("access-control-expose-headers"), "X-Streaming");
    assert.equal(headers.get("x-streaming"), "true");
  }
});

test("HEAD answers at once while the task runs", async (t) => {
  const { server, log } = await serve(t);
  log.raw("something");
  const response = await fetch(server.liveLogs.publish(log).url, { method: "HEAD" });
  assert.equal(await response.text(), "");
});

test("other methods are refused, whatever their body", async (t) => {
  const { server, log } = await serve(t);
  const { url } = server.liveLogs.publish(log);
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const body = method === "OPTIONS" ? {} : { body: "x", headers: { "content-type": "image/png" } };
    const response = await fetch(url, { method, ...body });
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
  }
});

test("a wrong secret, a removed log and any other path are unknown", async (t) => {
  const { server, log } = await serve(t);
  const published = server.liveLogs.publish(log);
  published.remove();
  const urls = [published.url, `${server.origin}/log/${"A".repeat(32)}`, `${server.origin}/`, `${server.origin}/log/`];
  for (const url of urls) {
    assert.equal((await fetch(url)).status, 404, url);
    assert.equal((await fetch(url, { method: "HEAD" })).status, 404, url);
  }
});

test("a reader that came before the log was removed gets the rest", async (t) => {
  const { server, log } = await serve(t);
  const published = server.liveLogs.publish(log);
  log.raw("one");
  const response = await fetch(published.url);
  published.remove();
  log.raw("two");
  await log.close();
  assert.equal(await response.text(), "one\ntwo\n");
});

test("the answer begins although the task says nothing", async (t) => {
  const { server, log } = await serve(t);
  const response = await respond(server.liveLogs.publish(log).url);
  assert.equal(response.statusCode, 200);
  response.destroy();
});

test("50 of 100 connections never read while 50 MB are written, and the others get every byte", async (t) => {
  const { server, log } = await serve(t);
  const { url } = server.liveLogs.publish(log);
  const idle = await Promise.all(Array.from({ length: 50 }, () => respond(url)));
  const sent = randomBytes(800 * 65_536);
  const received = Array.from({ length: 50 }, async () => {
    let bytes = 0;
    for await (const chunk of await respond(url)) {
      assert.ok(sent.subarray(bytes, bytes + chunk.length).equals(chunk), `another byte after ${bytes}`);
      bytes += chunk.length;
    }
    return bytes;
  });
  for (let at = 0; at < sent.length; at += 65_536) await write(log, sent.subarray(at, at + 65_536));
  await log.close();
  assert.deepEqual([...new Set(await Promise.all(received))], [sent.length]);
  for (const response of idle) response.destroy();
});

test("a reader that goes away while the task is silent leaves nothing behind", async (t) => {
  const { server, log } = await serve(t);
  const freed = Promise.withResolvers<void>();
  const reader = log.reader.bind(log);
  t.mock.method(log, "reader", () => {
    const opened = reader();
    const end = opened.return.bind(opened);
    opened.return = () => {
      freed.resolve();
      return end();
    };
    return opened;
  });
  const response = await respond(server.liveLogs.publish(log).url);
  response.destroy();
  await freed.promise;
});

test("a log has a bounded number of readers, and room again when one goes", async (t) => {
  const { server, log } = await serve(t);
  const { url } = server.liveLogs.publish(log);
  const responses = await Promise.all(Array.from({ length: 100 }, () => respond(url)));
  const refused = await fetch(url);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get("retry-after"), "30");
  for (const response of responses) response.destroy();
  while ((await fetch(url, { method: "HEAD" })).status === 200) {
    const again = await respond(url);
    again.destroy();
    if (again.statusCode === 200) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test("a reader that comes while its log is removed is known to whoever removes it", async (t) => {
  const { server, log } = await serve(t);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const published = server.liveLogs.publish(log);
  const secret = published.url.split("/").at(-1) ?? "";
  const opening = server.liveLogs.open(secret);
  published.remove();
  const stream = await opening;
  assert.ok(stream && stream !== "busy");
  t.mock.timers.tick(10 * 60_000);
  assert.equal(stream.destroyed, true);
});

test("closing ends every connection", async (t) => {
  const { server, log } = await serve(t);
  const response = await respond(server.liveLogs.publish(log).url);
  const ended = once(response, "error");
  response.resume();
  await server.close();
  await ended;
  await assert.rejects(fetch(server.origin));
});

test("a port that is taken is one clear sentence", async (t) => {
  const { server } = await serve(t);
  const livelogExposePort = Number(new URL(server.origin).port);
  await assert.rejects(startServer({ ...loopback, livelogExposePort }), (error: Error) => {
    assert.match(error.message, /^The HTTP server cannot listen on 127\.0\.0\.1 port \d+: .*livelogExposePort/);
    return true;
  });
});

test("with a public address that is not on this machine the server listens for it on all", async () => {
  const server = await startServer({ publicIP: "192.0.2.7", livelogExposePort: 0 });
  const { hostname, port } = new URL(server.origin);
  assert.equal(hostname, "192.0.2.7");
  assert.equal((await fetch(`http://127.0.0.1:${port}/log/x`)).status, 404);
  await server.close();
});
