import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryUsage, memoryText } from "../../agent/memory/usage.ts";

const GiB = 1024 ** 3;

test("an amount of memory has two digits and a unit that fits", () => {
  assert.deepEqual([0, 1023, 1024, 524_288_000, 16 * GiB, 2048 * GiB].map(memoryText), [
    "0.00 B",
    "1023.00 B",
    "1.00 KiB",
    "500.00 MiB",
    "16.00 GiB",
    "2048.00 GiB",
  ]);
});

test("a command that no sample saw has no rows", () => {
  assert.deepEqual(new MemoryUsage().rows, []);
});

test("the rows are averages and peaks of the samples", () => {
  const usage = new MemoryUsage();
  usage.add({ totalBytes: 8 * GiB, availableBytes: 6 * GiB });
  usage.add({ totalBytes: 8 * GiB, availableBytes: 2 * GiB });
  usage.addOwn(3 * GiB);
  usage.addOwn(GiB);
  assert.deepEqual(usage.rows, [
    ["Average Available System Memory", "4.00 GiB"],
    ["Average System Memory Used", "4.00 GiB"],
    ["Peak System Memory Used", "6.00 GiB"],
    ["Total System Memory", "8.00 GiB"],
    ["Peak Memory of Task User", "3.00 GiB"],
  ]);
});
