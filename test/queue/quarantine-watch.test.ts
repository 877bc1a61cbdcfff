import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { QuarantineWatch } from "../../agent/queue/quarantine-watch.ts";
import { QueueError } from "../../agent/queue/task-queue.ts";

/** A watch whose clock stands, and a queue that answers what it is told to. */
function watched() {
  const clock = { now: 0, asked: 0, failures: 0 };
  let answer: () => Date | null = () => null;
  const ask = async () => {
    clock.asked += 1;
    return answer();
  };
  const failed = () => {
    clock.failures += 1;
  };
  const watch = new QuarantineWatch(ask, failed, () => clock.now);
  const minutes = (count: number) => {
    clock.now += count * 60_000;
  };
  const answers = (next: () => Date | null) => {
    answer = next;
  };
  return { clock, watch, minutes, answers };
}

suite("a watch for a quarantine", () => {
  test("asks nothing as long as polls bring tasks", async () => {
    const { clock, watch } = watched();
    watch.polled(1);
    assert.equal(await watch.until(), null);
    assert.equal(clock.asked, 0);
  });

  test("asks after a poll that brought nothing, and again after five minutes", async () => {
    const { clock, watch, minutes } = watched();
    watch.polled(0);
    await watch.until();
    minutes(4.9);
    await watch.until();
    assert.equal(clock.asked, 1);
    minutes(0.1);
    await watch.until();
    assert.equal(clock.asked, 2);
  });

  test("asks every 30 s during a quarantine, which somebody may end early", async () => {
    const { clock, watch, minutes, answers } = watched();
    answers(() => new Date(3_600_000));
    watch.polled(0);
    assert.deepEqual(await watch.until(), new Date(3_600_000));
    minutes(0.5);
    answers(() => null);
    assert.equal(await watch.until(), null);
    assert.equal(clock.asked, 2);
  });

  test("knows when a quarantine is over", async () => {
    const { watch, minutes, answers } = watched();
    answers(() => new Date(10_000));
    watch.polled(0);
    assert.notEqual(await watch.until(), null);
    minutes(0.2);
    assert.equal(await watch.until(), null);
  });

  test("never asks again where it may not, and says so once", async () => {
    const { clock, watch, minutes, answers } = watched();
    answers(() => {
      throw new QueueError(403, "InsufficientScopes", "no");
    });
    watch.polled(0);
    assert.equal(await watch.until(), null);
    minutes(600);
    await watch.until();
    assert.deepEqual([clock.asked, clock.failures], [1, 1]);
  });

  test("asks again later when the queue had a fault", async () => {
    const { clock, watch, minutes, answers } = watched();
    answers(() => {
      throw new QueueError(503, "InternalServerError", "later");
    });
    watch.polled(0);
    assert.equal(await watch.until(), null);
    minutes(5);
    await watch.until();
    assert.equal(clock.asked, 2);
  });
});
