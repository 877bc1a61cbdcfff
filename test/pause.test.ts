import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { pause } from "../agent/pause.ts";

const hourMs = 3_600_000;

suite("a pause", { timeout: 30_000 }, () => {
  test("is over soon after the machine wakes, when its time passed meanwhile", async (t) => {
    const now = Date.now();
    const waiting = pause(hourMs, new AbortController().signal);
    // Timers stand still while a machine sleeps; its wall clock does not.
    t.mock.method(Date, "now", () => now + 2 * hourMs);
    assert.equal(await waiting, true);
  });

  test("is not longer when the clock is set back", async (t) => {
    const now = Date.now();
    const waiting = pause(300, new AbortController().signal);
    t.mock.method(Date, "now", () => now - hourMs);
    assert.equal(await waiting, true);
  });

  test("ends when nobody waits for it any longer", async () => {
    const stop = new AbortController();
    const waiting = pause(hourMs, stop.signal);
    stop.abort();
    assert.equal(await waiting, false);
    assert.equal(await pause(hourMs, stop.signal), false);
  });
});
