import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nearest } from "../agent/nearest.ts";

describe("nearest", () => {
  const known = ["capacity", "clientId", "workerId"];
  it("finds a name with a typing mistake, in any case", () => {
    assert.equal(nearest("CAPCITY", known), "capacity");
    assert.equal(nearest("worker_id", known), "workerId");
  });
  it("finds nothing for a name that is like none", () => {
    assert.equal(nearest("zzz", known), null);
    assert.equal(nearest("", known), null);
  });
  it("is quick for a name of any length", () => {
    assert.equal(nearest("x".repeat(1e6), known), null);
  });
});
