import assert from "node:assert/strict";
import type { IncomingMessage, RequestListener } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { put } from "../../agent/artifacts/put.ts";
import { ResourceError } from "../../agent/engine/engine.ts";
import { serve } from "../http/loopback.ts";

const storage = async (t: TestContext, listener: RequestListener): Promise<string> =>
  `${await serve(t, listener)}/blob?secret`;

const headers = { "content-type": "text/x", "content-encoding": "gzip" };
const { signal } = new AbortController();

/** Rejects when the client cut the body. */
function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return buffer(request);
}

/** What comes after the first part waits for `arrived`. */
async function* slowly(arrived: Promise<void>, ...parts: (string | Error)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield Buffer.from(part);
    await arrived;
  }
}

test("the file goes out with its length and headers, and never in chunks", async (t) => {
  const seen = Promise.withResolvers<IncomingMessage & { whole: string }>();
  const url = await storage(t, async (request, response) => {
    const whole = (await bodyOf(request)).toString();
    seen.resolve(Object.assign(request, { whole }));
    response.end("thanks");
  });
  assert.deepEqual(
    await put({ url, headers, size: 5, body: Readable.from([Buffer.from("he"), Buffer.from("llo")]), signal }),
    {
      status: 200,
      text: "thanks",
      retryAfterMs: 0,
    },
  );
  const request = await seen.promise;
  assert.equal(request.whole, "hello");
  assert.equal(request.method, "PUT");
  assert.equal(request.url, "/blob?secret");
  assert.equal(request.headers["content-type"], "text/x");
  assert.equal(request.headers["content-encoding"], "gzip");
  assert.equal(request.headers["content-length"], "5");
  assert.equal(request.headers["transfer-encoding"], undefined);
});

test("an empty file is sent with length 0", async (t) => {
  const url = await storage(t, (request, response) => response.end(request.headers["content-length"]));
  assert.equal((await put({ url, headers, size: 0, body: Readable.from([]), signal })).text, "0");
});

test("an answer that comes before the whole file is the answer", async (t) => {
  const url = await storage(t, (_request, response) => response.writeHead(503).end("slow down"));
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) yield Buffer.alloc(65_536);
  }
  const size = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(await put({ url, headers, size, body: Readable.from(endless()), signal }), {
    status: 503,
    text: "slow down",
    retryAfterMs: 0,
  });
});

test("a success that comes before the whole file is none", async (t) => {
  const url = await storage(t, (_request, response) => response.end());
  const body = new Readable({ read() {} });
  body.push("first");
  await assert.rejects(put({ url, headers, size: 10, body, signal }), /before it had the whole file/);
});

for (const [what, parts] of [
  ["breaks", ["12345", new Error("gone")]],
  ["shrinks", ["12345"]],
  ["grows", ["12345", "67890", "x"]],
] as const) {
  test(`a file that ${what} under way cuts the request, so that nothing is stored`, async (t) => {
    const arrived = Promise.withResolvers<void>();
    const cut = Promise.withResolvers<unknown>();
    const url = await storage(t, (request) => {
      arrived.resolve();
      bodyOf(request).then(() => cut.resolve(null), cut.resolve);
    });
    const putting = put({ url, headers, size: 10, body: Readable.from(slowly(arrived.promise, ...parts)), signal });
    await assert.rejects(
      putting,
      (error) => error instanceof ResourceError && error.reason === "invalid-resource-on-worker",
    );
    assert.match(String(await cut.promise), /aborted|ECONNRESET/);
  });
}

test("a connection that breaks is an error", async (t) => {
  const url = await storage(t, (request) => void request.socket.destroy());
  await assert.rejects(put({ url, headers, size: 3, body: Readable.from([Buffer.from("abc")]), signal }), {
    code: "ECONNRESET",
  });
});

test("a storage that cannot be reached is an error, and the file is closed", async () => {
  const body = Readable.from([Buffer.from("abc")]);
  await assert.rejects(put({ url: "http://127.0.0.1:1/", headers, size: 3, body, signal }), { code: "ECONNREFUSED" });
  assert.equal(body.destroyed, true);
});

test("an answer without an end is cut off, and its status counts", { timeout: 10_000 }, async (t) => {
  const closed = Promise.withResolvers<void>();
  const url = await storage(t, (request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write("thanks "));
      response.once("drain", more);
    };
    response.once("close", closed.resolve);
    request.resume().once("end", more);
  });
  const { status, text } = await put({ url, headers, size: 3, body: Readable.from([Buffer.from("abc")]), signal });
  assert.equal(status, 200);
  assert.match(text, /^(thanks )+/);
  await closed.promise;
});

test("the signal ends an upload that hangs", async (t) => {
  const url = await storage(t, () => {});
  const stop = new AbortController();
  const putting = put({ url, headers, size: 3, body: new Readable({ read() {} }), signal: stop.signal });
  putting.catch(() => undefined);
  stop.abort();
  await assert.rejects(putting, { name: "AbortError" });
});

test("a PUT that takes longer than it may is given up, although there is progress", { timeout: 10_000 }, async (t) => {
  const url = await storage(t, (request) => request.on("error", () => {}).resume());
  async function* drops(): AsyncGenerator<Buffer> {
    for (;;) {
      yield Buffer.from("x");
      await setTimeout(20);
    }
  }
  const body = Readable.from(drops());
  await assert.rejects(put({ url, headers, size: 1_000_000, body, signal }, 200), /took longer than 0\.2 s/);
  assert.equal(body.destroyed, true);
});

test("a header that HTTP cannot carry leaves no open file behind", async () => {
  const body = Readable.from([Buffer.from("x")]);
  const wrong = { "content-type": "a\r\nb" };
  await assert.rejects(put({ url: "http://127.0.0.1:9/", headers: wrong, size: 1, body, signal }), /content-type/);
  assert.equal(body.destroyed, true);
});
