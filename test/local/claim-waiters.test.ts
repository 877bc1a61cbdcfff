import assert from "node:assert/strict";
import { test } from "node:test";
import { ClaimWaiters } from "../../agent/local/claim-waiters.ts";

const forever = 60_000;

function setUp() {
  const waiters = new ClaimWaiters<string>();
  const pending: string[] = [];
  const wait = (limit: number, signal = new AbortController().signal, timeoutMs = forever) =>
    waiters.wait("pool", () => pending.splice(0, limit), timeoutMs, signal);
  return { waiters, pending, wait };
}

test("what is pending is claimed at once", async () => {
  const { pending, wait } = setUp();
  pending.push("a", "b");
  assert.deepEqual(await wait(1), ["a"]);
});

test("those who wait are served in the order in which they came", async () => {
  const { waiters, pending, wait } = setUp();
  const [first, second] = [wait(1), wait(1)];
  pending.push("a");
  waiters.wake("pool");
  assert.deepEqual(await first, ["a"]);
  pending.push("b");
  waiters.wake("pool");
  assert.deepEqual(await second, ["b"]);
});

test("what becomes pending in one change is claimed together", async () => {
  const { waiters, pending, wait } = setUp();
  const [first, second] = [wait(2), wait(2)];
  for (const name of ["a", "b", "c"]) {
    pending.push(name);
    waiters.wake("pool");
  }
  assert.deepEqual(await first, ["a", "b"]);
  assert.deepEqual(await second, ["c"]);
});

test("a caller that has gone claims nothing", async () => {
  const { waiters, pending, wait } = setUp();
  const controller = new AbortController();
  const gone = wait(1, controller.signal);
  const there = wait(1);
  controller.abort();
  pending.push("a");
  waiters.wake("pool");
  assert.deepEqual(await gone, []);
  assert.deepEqual(await there, ["a"]);
  assert.deepEqual(await wait(1, controller.signal), []);
});

test("a wait ends with nothing after its time", async () => {
  const { wait } = setUp();
  assert.deepEqual(await wait(1, undefined, 5), []);
});

test("closing ends every wait, also those that come later", async () => {
  const { waiters, wait } = setUp();
  const waiting = [wait(1), wait(1)];
  waiters.close();
  assert.deepEqual(await Promise.all([...waiting, wait(1)]), [[], [], []]);
});
