import assert from "node:assert/strict";
import { test } from "node:test";
import { messageOf } from "../../helper/refusal.ts";

test("an error becomes one printable line of at most 500 characters", () => {
  assert.equal(messageOf(new Error("dscl: \u001b[2J\n\u202eno")), "dscl: ?[2J??no");
  assert.equal(messageOf(new Error("x".repeat(1000))).length, 500);
});

test("what is thrown and no error has no message", () => {
  for (const thrown of ["text", null, { message: "text" }]) assert.equal(messageOf(thrown), "unknown failure");
});
