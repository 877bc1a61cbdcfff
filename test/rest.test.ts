import assert from "node:assert/strict";
import { test } from "node:test";
import { Rest } from "../agent/rest.ts";

test("there is no rest after runs that began, or that their own payload kept from it", () => {
  const rest = new Rest();
  rest.ended(true, null);
  rest.ended(false, null);
  assert.equal(rest.leftMs, 0);
  assert.equal(rest.isDoubtful, false);
});

test("each failure to begin makes the rest longer, up to five minutes, and those that come together count once", (t) => {
  t.mock.method(performance, "now", () => now);
  let now = 0;
  const rest = new Rest();
  const rests: number[] = [];
  for (let n = 0; n < 9; n += 1) {
    rest.ended(false, `reason ${n}`);
    rest.ended(false, "no disk");
    rests.push(rest.leftMs / 1000);
    now += rest.leftMs;
  }
  assert.deepEqual(rests, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
  assert.equal(rest.reason, "no disk");
  assert.equal(rest.isDoubtful, true);
});

test("a failure right behind a run that began rests as long as a first one", (t) => {
  t.mock.method(performance, "now", () => 0);
  const rest = new Rest();
  rest.ended(false, "no user");
  rest.ended(true, null);
  assert.equal(rest.leftMs, 0);
  rest.ended(false, "no user");
  assert.equal(rest.leftMs, 5_000);
});

test("a run that began ends the doubt", () => {
  const rest = new Rest();
  rest.ended(false, "no user");
  rest.ended(true, null);
  assert.equal(rest.isDoubtful, false);
});
