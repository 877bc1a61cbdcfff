import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { hold } from "../../agent/artifacts/held.ts";
import { exactly } from "../../agent/artifacts/source.ts";

const bytes = Buffer.from("some text\n".repeat(100));
const chunks = (size = bytes.length) => exactly(Readable.from([bytes.subarray(0, 400), bytes.subarray(400)]), size);

test("a copy in memory can be sent any number of times", async () => {
  const copy = await hold(chunks(), "identity");
  assert.equal(copy.size, bytes.length);
  for (const _ of [1, 2]) assert.deepEqual(await buffer(await copy.open()), bytes);
});

test("a compressed copy in memory has the size of what is sent", async () => {
  const copy = await hold(chunks(), "gzip");
  const sent = await buffer(await copy.open());
  assert.equal(sent.length, copy.size);
  assert.deepEqual(gunzipSync(sent), bytes);
});

test("of a file that is not as long as it was said there is no copy", async () => {
  for (const size of [bytes.length - 1, bytes.length + 1]) {
    const expected = { name: "ResourceError", reason: "invalid-resource-on-worker" };
    await assert.rejects(hold(chunks(size), "gzip"), expected);
  }
});
