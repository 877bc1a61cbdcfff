import assert from "node:assert/strict";
import { test } from "node:test";
import { missing, satisfies } from "../../agent/local/scopes.ts";

test("a scope is satisfied by itself and by a prefix with an asterisk", () => {
  assert.ok(satisfies(["a:b"], "a:b"));
  assert.ok(satisfies(["a:*"], "a:b"));
  assert.ok(satisfies(["*"], "a:b"));
  assert.ok(satisfies(["a:*"], "a:*"));
});

test("a scope is not satisfied by a longer or a different one, nor by an asterisk in the middle", () => {
  for (const granted of ["a:bc", "a", "a:*b", "b:*"]) assert.equal(satisfies([granted], "a:b"), false, granted);
  assert.equal(satisfies(["a:b"], "a:*"), false);
});

test("AllOf needs every part and AnyOf needs one", () => {
  assert.ok(satisfies(["a", "b"], { AllOf: ["a", "b"] }));
  assert.equal(satisfies(["a"], { AllOf: ["a", "b"] }), false);
  assert.ok(satisfies(["b"], { AnyOf: ["a", { AllOf: ["b"] }] }));
  assert.equal(satisfies(["c"], { AnyOf: ["a", "b"] }), false);
  assert.ok(satisfies([], { AllOf: [] }));
  assert.equal(satisfies(["*"], { AnyOf: [] }), false);
});

test("what is missing is named, what is there is not", () => {
  assert.equal(missing(["a"], { AllOf: ["a", "b", { AnyOf: ["c", "d"] }] }), "b, one of (c | d)");
});
