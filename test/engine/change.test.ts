import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Change } from "../../agent/engine/change.ts";
import { unlessAborted } from "../../agent/unless-aborted.ts";

describe("a change", () => {
  it("wakes everybody who waits for the next one, and nobody twice", async () => {
    const change = new Change();
    const both = Promise.all([change.next, change.next]);
    change.ring();
    await both;
    assert.equal(await Promise.race([change.next.then(() => "woken"), Promise.resolve("waits")]), "waits");
  });

  it("is not missed by who has begun to wait before the look", async () => {
    const change = new Change();
    const { next } = change;
    change.ring();
    await unlessAborted(next, new AbortController().signal);
  });
});
