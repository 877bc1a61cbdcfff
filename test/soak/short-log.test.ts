import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { wrongShortLog } from "./task-check.ts";

const header = "[taskcluster 2026-01-01T00:00:00.000Z] === Task Starting ===\n";
const cut = "\n[taskcluster:error] What the task wrote from here on is lost: the disk of the worker is full.\n";
const output = Buffer.from("one\ntwo\nthree\n");
const wrongOf = (written: string, end = cut): string[] =>
  wrongShortLog(Buffer.from(`${header}${written}${end}`), output);

describe("the log of a task that a full disk has ended", () => {
  test("may be cut behind a line, or within one, where it says so", () => {
    assert.deepEqual(wrongOf("one\ntwo\n"), []);
    assert.deepEqual(wrongOf("one\ntw"), []);
  });

  test("may not hold anything else than the beginning", () => {
    assert.match(wrongOf("one\nTWO\n").join(), /the first other one is 4$/);
    assert.match(wrongOf("one\ntwo\nthree\nfour\n").join(), /14$/);
  });

  test("is whole where it does not say that it is cut", () => {
    const reason = "[taskcluster:error] There is no room.\n";
    assert.deepEqual(wrongOf("one\ntwo\nthree\n", reason), []);
    assert.match(wrongOf("one\n", reason).join(), /^the log has 4 bytes instead of 14/);
  });

  test("gives a reason", () => {
    assert.deepEqual(wrongOf("one\ntwo\nthree\n", ""), ["the log gives no reason"]);
  });
});
