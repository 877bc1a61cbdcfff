import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { runPool } from "../../agent/artifacts/pool.ts";

async function* numbers(count: number, taken: number[] = []): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) {
    taken.push(n);
    yield n;
  }
}

test("every item is worked on, never more than the hands allow", async () => {
  const done: number[] = [];
  let busy = 0;
  let busiest = 0;
  await runPool(3, numbers(20), async (n) => {
    busiest = Math.max(busiest, ++busy);
    await setImmediate();
    busy--;
    done.push(n);
  });
  assert.equal(busiest, 3);
  assert.deepEqual(
    done.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, n) => n),
  );
});

test("items are taken only as hands come free", async () => {
  const taken: number[] = [];
  const gate = Promise.withResolvers<void>();
  const running = runPool(2, numbers(10, taken), () => gate.promise);
  await setImmediate();
  assert.deepEqual(taken, [0, 1]);
  gate.resolve();
  await running;
  assert.equal(taken.length, 10);
});

test("after an error no item is taken, and the work under way is awaited", async () => {
  const taken: number[] = [];
  const finished: number[] = [];
  const running = runPool(2, numbers(10, taken), async (n) => {
    if (n === 0) throw new Error("broken");
    await setImmediate();
    finished.push(n);
  });
  await assert.rejects(running, /broken/);
  assert.deepEqual(finished, [1]);
  assert.deepEqual(taken, [0, 1]);
});

test("an error of the source ends the work", async () => {
  async function* broken(): AsyncGenerator<number> {
    yield 1;
    throw new Error("no more");
  }
  await assert.rejects(
    runPool(2, broken(), async () => {}),
    /no more/,
  );
});
