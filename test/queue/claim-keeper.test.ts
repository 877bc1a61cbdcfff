import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Cause } from "../../agent/outcome.ts";
import { ClaimKeeper } from "../../agent/queue/claim-keeper.ts";
import { QueueError, type TaskQueue } from "../../agent/queue/task-queue.ts";

/** A claim of `claimMs`, whose reclaims and looks answer what the test says. */
class Claimed implements TaskQueue {
  readonly rootUrl = "http://localhost";
  takenUntil: Date;
  reclaims = 0;
  looks = 0;
  answer: () => void = () => undefined;
  ours: boolean | null = true;
  reason: string | null = null;
  readonly #claimMs: number;

  constructor(claimMs: number) {
    this.#claimMs = claimMs;
    this.takenUntil = new Date(Date.now() + claimMs);
  }

  async reclaim(): Promise<void> {
    this.reclaims += 1;
    this.answer();
    this.takenUntil = new Date(Date.now() + this.#claimMs);
  }
  async isStillOurs(): Promise<boolean | null> {
    this.looks += 1;
    return this.ours;
  }
  async resolvedReason(): Promise<string | null> {
    return this.reason;
  }
  async reportCompleted(): Promise<void> {}
  async reportFailed(): Promise<void> {}
  async reportException(): Promise<void> {}
  async createArtifact(): Promise<{ putUrl?: string }> {
    return {};
  }
  async createObject(): Promise<never> {
    throw new Error("no test needs it");
  }
}

function keep(t: TestContext, queue: TaskQueue, settings: { reclaimOffset?: number; cancelCheckSecs?: number } = {}) {
  const lost = Promise.withResolvers<Cause>();
  const failures: QueueError[] = [];
  const keeper = new ClaimKeeper({
    queue,
    reclaimOffset: 180,
    cancelCheckSecs: 600,
    ...settings,
    lost: lost.resolve,
    failed: (error) => failures.push(error),
  });
  t.after(() => keeper.stop());
  return { keeper, lost: lost.promise, failures };
}

const refuse = (status: number | null) => () => {
  throw new QueueError(status, "Code", "no");
};

describe("ClaimKeeper", { concurrency: true }, () => {
  it("renews the claim half-way at the latest, again and again", { timeout: 10_000 }, async (t) => {
    const queue = new Claimed(2_500);
    const began = Date.now();
    queue.answer = () => {
      if (queue.reclaims === 3) refuse(409)();
    };
    const { lost } = keep(t, queue);
    await lost;
    assert.equal(queue.reclaims, 3);
    assert(Date.now() - began < 2_500 * 3);
  });
  it("loses the claim at once when the queue says that it is not ours", { timeout: 10_000 }, async (t) => {
    for (const status of [404, 409]) {
      const queue = new Claimed(300);
      queue.answer = refuse(status);
      const { lost } = keep(t, queue);
      assert.equal((await lost).kind, "claim-lost");
      assert.equal(queue.reclaims, 1);
    }
  });
  it("tries again after other failures, also when the clock says that the claim has ended", {
    timeout: 20_000,
  }, async (t) => {
    for (const status of [null, 503]) {
      const queue = new Claimed(-1_000);
      queue.answer = () => {
        if (queue.reclaims < 3) refuse(status)();
        queue.answer = refuse(409);
      };
      const { lost, failures } = keep(t, queue);
      assert.equal((await lost).kind, "claim-lost");
      assert.equal(queue.reclaims, 4);
      assert.deepEqual(
        failures.map((failure) => failure.status),
        [status, status],
      );
    }
  });
  it("takes a refusal of its credentials for the end of the claim only when they have ended", {
    timeout: 10_000,
  }, async (t) => {
    const queue = new Claimed(3_000);
    queue.answer = refuse(401);
    const { lost, failures } = keep(t, queue);
    assert.equal((await lost).kind, "claim-lost");
    assert(Date.now() >= queue.takenUntil.getTime());
    assert(failures.length >= 1);
  });
  it("does not renew a claim without an end in a hurry", { timeout: 10_000 }, async (t) => {
    const far = new Claimed(Date.UTC(9999, 0) - Date.now());
    keep(t, far);
    const near = new Claimed(60);
    near.answer = refuse(409);
    await keep(t, near).lost;
    assert.equal(far.reclaims, 0);
  });
  it("says canceled when that is how the run was resolved", { timeout: 10_000 }, async (t) => {
    const queue = new Claimed(60_000);
    queue.ours = false;
    queue.reason = "canceled";
    const { lost } = keep(t, queue, { cancelCheckSecs: 0.05 });
    assert.equal((await lost).kind, "canceled");
    assert.equal(queue.reclaims, 0);
  });
  it("does not mind a look that fails", { timeout: 10_000 }, async (t) => {
    const queue = new Claimed(1_000);
    queue.ours = null;
    queue.answer = refuse(409);
    const { lost } = keep(t, queue, { cancelCheckSecs: 0.05 });
    await lost;
    assert(queue.looks > 1);
    assert.equal(queue.reclaims, 1);
  });
  it("loses nothing after it was stopped", { timeout: 10_000 }, async (t) => {
    const queue = new Claimed(60_000);
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<boolean>();
    queue.isStillOurs = () => {
      asked.resolve();
      return answer.promise;
    };
    const { keeper, lost } = keep(t, queue, { cancelCheckSecs: 0.05 });
    await asked.promise;
    keeper.stop();
    answer.resolve(false);
    const none = Symbol("none");
    assert.equal(await Promise.race([lost, new Promise((resolve) => setImmediate(resolve, none))]), none);
  });
});
