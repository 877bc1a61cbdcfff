import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CauseKind, decide } from "../agent/outcome.ts";

const cause = (kind: CauseKind) => ({ kind, message: `because of ${kind}` });
const order: CauseKind[] = [
  "canceled",
  "claim-lost",
  "worker-shutdown",
  "malformed-payload",
  "internal-error",
  "resource-unavailable",
  "max-run-time",
  "retry-exit-status",
  "command-failed",
  "plugin-failed",
];

describe("decide", () => {
  it("completes a run that nothing happened to", () => {
    assert.deepEqual(decide([]), { state: "completed" });
  });
  it("lets the earlier kind win, whatever came first in time", () => {
    for (const [i, first] of order.entries()) {
      for (const second of order.slice(i + 1)) {
        for (const causes of [
          [cause(first), cause(second)],
          [cause(second), cause(first)],
        ]) {
          const outcome = decide(causes);
          assert(outcome.state !== "completed");
          assert.equal(outcome.cause.kind, first);
        }
      }
    }
  });
  it("never tells the queue of a run that is not ours any more", () => {
    for (const kind of order) {
      const outcome = decide([cause(kind)]);
      if (outcome.state !== "exception") continue;
      assert.equal(outcome.report, kind !== "canceled" && kind !== "claim-lost");
    }
  });
  it("fails a task for its own faults and makes the worker's faults exceptions", () => {
    const failed = order.filter((kind) => decide([cause(kind)]).state === "failed");
    assert.deepEqual(failed, ["max-run-time", "command-failed", "plugin-failed"]);
  });
  it("asks for another try when the exit status was listed for it", () => {
    const outcome = decide([cause("command-failed"), cause("retry-exit-status")]);
    assert.deepEqual(outcome.state === "exception" && outcome.reason, "intermittent-task");
  });
});
