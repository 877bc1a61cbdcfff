/** A queue, or something before it, that means harm. */
import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { defaultConfig } from "../../agent/config.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import { QueueError } from "../../agent/queue/task-queue.ts";
import { serve } from "../http/loopback.ts";

const names = { provisionerId: "test", workerType: "mac", workerGroup: "group", workerId: "worker" };
const credentials = { clientId: "tester", accessToken: "secret-of-the-worker" };
const json = { "content-type": "application/json" };

/** What a worker makes of the answer to its poll. */
async function poll(t: TestContext, listener: RequestListener) {
  const rootURL = await serve(t, listener);
  const config = { ...defaultConfig, ...names, ...credentials, rootURL };
  const client = new QueueClient(config, undefined, { claimMs: 20_000, otherMs: 20_000, hurryMs: 20_000 });
  const error = await client
    .claimWork(1, () => {})
    .then(
      () => assert.fail("it was taken for an answer"),
      (thrown: unknown) => thrown,
    );
  assert(error instanceof QueueError);
  assert.doesNotMatch(error.message, /[\u0000-\u001f]/, "one line");
  return { client, error };
}

describe("an answer of a hostile queue", () => {
  it("without an end is cut off when it is longer than any", async (t) => {
    let sent = 0;
    const closed = Promise.withResolvers<void>();
    const { error } = await poll(t, (_, response) => {
      response.once("close", closed.resolve).writeHead(200, json).write('{"tasks":[');
      const more = (): void => {
        do sent += 65_536;
        while (!response.destroyed && response.write(Buffer.alloc(65_536, " ")));
        response.once("drain", more);
      };
      more();
    });
    assert.equal(error.message, "The service's answer is not usable: it is longer than 16777216 bytes.");
    await closed.promise;
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`);
  });

  it("that unfolds to much more than was sent is refused before it unfolds", async (t) => {
    // 400 MB: a gzip file may be several, one after the other.
    const bomb = Buffer.concat(Array.from({ length: 40 }, () => gzipSync(Buffer.alloc(10_000_000, " "))));
    let accepted: unknown;
    const before = process.memoryUsage().rss;
    const { error } = await poll(t, ({ headers }, response) => {
      accepted = headers["accept-encoding"];
      response.writeHead(200, { ...json, "content-encoding": "gzip" }).end(bomb);
    });
    const sentence = "it is compressed (gzip), which nobody has asked for";
    assert.equal(error.message, `The service's answer is not usable: ${sentence}.`);
    assert.equal(accepted, "identity");
    assert.ok(process.memoryUsage().rss - before < 200_000_000);
  });

  it("with more headers than any is refused", async (t) => {
    const { error } = await poll(t, (_, response) => {
      response.writeHead(200, Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`x-${n}`, "y".repeat(1000)])));
      response.end("{}");
    });
    assert.match(error.message, /^The call failed \(HPE_HEADER_OVERFLOW: .*\)\.$|^The connection broke \(.*\)\.$/);
  });

  it("that sends the signed call to another host is not followed", async (t) => {
    const seen: string[] = [];
    const other = await serve(t, ({ headers }, response) => {
      seen.push(headers.authorization ?? "none");
      response.end();
    });
    for (const status of [301, 302, 307, 308]) {
      const { error } = await poll(t, (_, response) => response.writeHead(status, { location: other }).end());
      assert.equal(error.message, "The service's answer is not usable: claimWork is no object.");
    }
    assert.deepEqual(seen, []);
  });

  it("that is an error of many lines becomes one", async (t) => {
    const message = "one\n\u001b[31mtwo\r\n".repeat(1000);
    const { error } = await poll(t, (_, response) => {
      response.writeHead(400, json).end(JSON.stringify({ code: "C".repeat(5_000), message }));
    });
    assert.match(error.message, /^one \[31mtwo one/);
    assert.equal(error.message.length, 1_000);
    assert.equal(error.code.length, 100);
  });

  it("that is none of the queue's tells nobody the time", async (t) => {
    const date = new Date(Date.now() + 86_400_000).toUTCString();
    const { client } = await poll(t, (_, response) => response.writeHead(200, { date }).end("<p>Please log in</p>"));
    assert.equal(client.clockAheadMs, null);
  });
});
