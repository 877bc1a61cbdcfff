import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backoffMs, retry, waitMs } from "../../agent/queue/retry.ts";
import { QueueError } from "../../agent/queue/task-queue.ts";

const soon = () => new Date(Date.now() + 60_000);

/** Fails with these statuses in turn, then answers "done". */
function failing(statuses: (number | null)[]) {
  const calls = { count: 0 };
  const call = async () => {
    calls.count += 1;
    const status = statuses.shift();
    if (status !== undefined) throw new QueueError(status, "Code", "message");
    return "done";
  };
  return { call, calls };
}

describe("retry", () => {
  it("calls again after 5xx and after no answer", async () => {
    const { call, calls } = failing([503, null]);
    assert.equal(await retry(call, soon), "done");
    assert.equal(calls.count, 3);
  });
  it("takes 4xx for an answer", async () => {
    for (const status of [400, 401, 403, 404, 409]) {
      const { call, calls } = failing([status]);
      await assert.rejects(retry(call, soon), { name: "QueueError", status });
      assert.equal(calls.count, 1);
    }
  });
  it("calls again after answers of what is no service", async () => {
    const { call, calls } = failing([200, 302, 429]);
    assert.equal(await retry(call, soon), "done");
    assert.equal(calls.count, 4);
  });
  it("waits as long as the service asks, within bounds", async () => {
    assert(waitMs(1, 5_000) === 5_000);
    assert(waitMs(1, 3_600_000) === 60_000);
    const asking = async () => {
      throw new QueueError(503, "Code", "message", 10_000);
    };
    const within5s = new Date(Date.now() + 5_000);
    const began = performance.now();
    await assert.rejects(
      retry(asking, () => within5s),
      { status: 503 },
    );
    assert(performance.now() - began < 4_000);
  });
  it("ends at once when it is to, in a call and in a wait", { timeout: 10_000 }, async () => {
    const never = () => new Promise<never>(() => undefined);
    const busy = async () => {
      throw new QueueError(503, "Code", "message", 60_000);
    };
    for (const call of [never, busy]) {
      const stop = new AbortController();
      const ended = retry(call, () => new Date(Date.now() + 600_000), { signal: stop.signal });
      setImmediate(() => stop.abort());
      await assert.rejects(ended, { name: "AbortError" });
    }
  });
  it("stops when the time is over", async () => {
    const { call, calls } = failing([503, 503]);
    await assert.rejects(
      retry(call, () => new Date(0)),
      { status: 503 },
    );
    assert.equal(calls.count, 1);
  });
});

describe("backoffMs", () => {
  it("grows to its limit and never beyond", () => {
    assert(backoffMs(1) <= 200);
    assert(backoffMs(5) > backoffMs(1));
    for (const n of [10, 100, 10_000]) assert(backoffMs(n) >= 15_000 && backoffMs(n) <= 30_000);
  });
});
