import assert from "node:assert/strict";
import { test } from "node:test";
import { moreThan } from "./idle.ts";
import { slopeOf } from "./samples.ts";

const lineOf = (kilobytes: readonly number[]) =>
  kilobytes.map((each, index) => ({ tasks: index * 10, kilobytes: each }));

test("memory that grows by 5 kB with every ten tasks has a slope of half a kB, with no doubt about it", () => {
  const { slope, error } = slopeOf(lineOf([100, 105, 110, 115, 120]));
  assert.ok(Math.abs(slope - 0.5) < 1e-9);
  assert.ok(error < 1e-9);
});

test("memory that goes up and down has a slope smaller than its doubt", () => {
  const { slope, error } = slopeOf(lineOf([100, 140, 95, 150, 90, 130, 100]));
  assert.ok(Math.abs(slope) < error);
});

test("what there is more of when idle is named, and what there is less of is not", () => {
  const before = { "agent: descriptors": 30, "agent: PipeWrap": 3, homes: 2 };
  assert.deepEqual(
    moreThan(before, { "agent: descriptors": 31, "agent: PipeWrap": 2, homes: 2, "helper: Timeout": 1 }),
    ["agent: descriptors: 31 of them when idle, and 30 before", "helper: Timeout: 1 of them when idle, and 0 before"],
  );
});
