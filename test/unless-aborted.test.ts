import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { Change } from "../agent/engine/change.ts";
import { unlessAborted } from "../agent/unless-aborted.ts";

describe("a wait with a signal", () => {
  it("ends with the reason when the signal is aborted before or meanwhile", async () => {
    const controller = new AbortController();
    const waiting = assert.rejects(unlessAborted(new Change().next, controller.signal), { message: "enough" });
    controller.abort(new Error("enough"));
    await waiting;
    await assert.rejects(unlessAborted(new Change().next, controller.signal), { message: "enough" });
  });

  it("leaves no listener on the signal", async () => {
    const [change, { signal }] = [new Change(), new AbortController()];
    for (let wait = 0; wait < 20; wait += 1) {
      const waiting = unlessAborted(change.next, signal);
      change.ring();
      await waiting;
    }
    assert.deepEqual(getEventListeners(signal, "abort"), []);
  });
});
