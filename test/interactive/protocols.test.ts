import assert from "node:assert/strict";
import { test } from "node:test";
import { genericWorkerProtocol } from "../../agent/interactive/generic-worker-protocol.ts";
import { endText } from "../../agent/interactive/protocol.ts";
import { taskclusterWorkerProtocol } from "../../agent/interactive/taskcluster-worker-protocol.ts";

const [generic, classic] = [genericWorkerProtocol, taskclusterWorkerProtocol];
const bytes = (...all: number[]): Buffer => Buffer.from(all);
const abc = Buffer.from("abc");

test("generic-worker's protocol has input after a 1, and a size after a 2: rows first, least byte first", () => {
  assert.deepEqual(generic.read(bytes(1, ...abc)), { kind: "input", bytes: abc });
  assert.deepEqual(generic.read(bytes(2, 43, 0, 0x2c, 1)), { kind: "size", size: { rows: 43, columns: 300 } });
});

test("generic-worker's protocol has output as it is, and says the end with the connection's alone", () => {
  assert.equal(generic.output(abc), abc);
  assert.deepEqual([generic.inputTaken(3), generic.window, generic.end({ code: 1, signal: null })], [null, null, []]);
});

test("taskcluster-worker's protocol has streams, sizes, counts of used bytes, and an abort", () => {
  assert.deepEqual(classic.read(bytes(0, 0, ...abc)), { kind: "input", bytes: abc });
  assert.deepEqual(classic.read(bytes(0, 0)), { kind: "input-end" });
  assert.deepEqual(classic.read(bytes(1, 1, 0, 0, 1, 2)), { kind: "used", bytes: 258 });
  assert.deepEqual(classic.read(bytes(3, 1, 0x2c, 0, 43)), { kind: "size", size: { rows: 43, columns: 300 } });
  assert.deepEqual(classic.read(bytes(4)), { kind: "abort" });
  assert.deepEqual(classic.output(abc), bytes(0, 1, ...abc));
  assert.deepEqual(classic.inputTaken(258), bytes(1, 0, 0, 0, 1, 2));
});

test("taskcluster-worker's protocol ends both streams, then says 0 for success and 1 for anything else", () => {
  const ends = (code: number | null) => classic.end({ code, signal: null });
  assert.deepEqual(ends(0), [bytes(0, 1), bytes(0, 2), bytes(5, 0)]);
  for (const code of [1, 7, null]) assert.deepEqual(ends(code).at(-1), bytes(5, 1));
});

test("what a protocol does not know is nothing, and so is a size that no terminal has", () => {
  for (const message of [bytes(), bytes(0, 1), bytes(3), bytes(2), bytes(2, 1, 0, 1), bytes(2, 0, 0, 80, 0)]) {
    assert.equal(generic.read(message), null);
  }
  const strange = [bytes(), bytes(0), bytes(0, 1, 65), bytes(1, 1, 0), bytes(2), bytes(3, 0, 80, 0, 0), bytes(4, 1)];
  for (const message of strange) assert.equal(classic.read(message), null);
});

test("how a shell ended is said in words", () => {
  assert.equal(endText({ code: 7, signal: null }), "exit 7");
  assert.equal(endText({ code: null, signal: "SIGKILL" }), "signal SIGKILL");
  assert.equal(endText({ code: null, signal: null }), "ended by the worker");
});
