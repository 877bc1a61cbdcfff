import assert from "node:assert/strict";
import { test } from "node:test";
import { heapGrowth, moreThan } from "./idle.ts";
import { growth, slopeOf } from "./samples.ts";

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

const resident = { process: "agent 1", samples: 50, tasks: 1000, firstMegabytes: 100, lastMegabytes: 109 };

test("a process that grows beyond doubt is named, and one whose slope is in doubt is not", () => {
  assert.deepEqual(growth({ ...resident, kilobytesPer1000Tasks: 9_000, give: 1_000 }), [
    "agent 1 grows: 9000 ± 1000 kB per 1,000 tasks",
  ]);
  assert.deepEqual(growth({ ...resident, kilobytesPer1000Tasks: 9_000, give: 4_000 }), []);
});

test("a few tasks are too few to tell that a process grows", () => {
  assert.deepEqual(growth({ ...resident, tasks: 90, kilobytesPer1000Tasks: 9_000, give: 1_000 }), []);
});

test("a heap that has grown when idle is named", () => {
  const heap = (agent: number) => ({ counts: {}, heapKilobytes: { agent, helper: 18_000 } });
  assert.deepEqual(heapGrowth(heap(40_000), heap(43_000), 1_000), [
    "the heap of the agent grows: 3000 kB per 1,000 tasks",
  ]);
  assert.deepEqual(heapGrowth(heap(40_000), heap(40_500), 1_000), []);
});
