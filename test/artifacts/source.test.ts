import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { exactly } from "../../agent/artifacts/source.ts";
import { EngineError, ResourceError } from "../../agent/engine/engine.ts";

async function read(parts: (string | Error)[], size: number): Promise<{ got: string; error: unknown }> {
  async function* body(): AsyncGenerator<Buffer> {
    for (const part of parts) {
      if (part instanceof Error) throw part;
      yield Buffer.from(part);
    }
  }
  let got = "";
  try {
    for await (const chunk of exactly(Readable.from(body()), size)) got += Buffer.from(chunk).toString();
    return { got, error: null };
  } catch (error) {
    return { got, error };
  }
}

test("a file of the size that was said passes unchanged", async () => {
  assert.deepEqual(await read(["abc", "de"], 5), { got: "abcde", error: null });
  assert.deepEqual(await read([], 0), { got: "", error: null });
});

test("a wrong file is an error before its last byte has gone out", async () => {
  for (const parts of [["abc"], ["abc", "def"], ["abc", "de", "f"], ["abc", "de", new Error("gone")]]) {
    const { got, error } = await read(parts, 5);
    assert.ok(error instanceof ResourceError);
    assert.equal(error.reason, "invalid-resource-on-worker");
    assert.ok(got.length < 5, got);
  }
});

test("errors that have a meaning already keep it", async () => {
  const unreadable = new ResourceError("file-not-readable-on-worker", "no");
  const lost = new EngineError("helper-lost", "no");
  assert.equal((await read([unreadable], 5)).error, unreadable);
  assert.equal((await read([lost], 5)).error, lost);
});
