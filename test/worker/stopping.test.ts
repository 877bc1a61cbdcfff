import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import type { TaskEvent } from "../../agent/task-events.ts";
import type { Worker } from "../../agent/worker.ts";
import { Fixture } from "./fixture.ts";

/** A task that passes every step, with a file to upload, and waits in the middle for as long as a test needs. */
const payload = {
  command: [["/bin/sh", "-c", "echo begun; echo content >file; sleep 0.3"]],
  maxRunTime: 60,
  artifacts: [{ type: "file", path: "file", name: "public/file.txt" }],
};

type Ending = "stopGracefully" | "stopNow";
const steps = ["claimed", "user", "started", "artifact", "resolved", "gone"] as const;

/** What became of the run, and of the task, when the worker was told to end at this step. */
async function endAt(t: TestContext, step: TaskEvent["event"], ending: Ending): Promise<string> {
  const fixture = await Fixture.start(t);
  const taskId = await fixture.createTask(payload);
  const running = fixture.run();
  await fixture.event(step, taskId);
  fixture.worker[ending]();
  assert.equal(await running, "stopped");
  assert.equal(fixture.engine.homes.size, 0, "no home is left");
  assert.equal(fixture.worker.status.running.length, 0);
  const { runs } = await fixture.queue.waitFor(taskId, () => true);
  return runs.map((run) => run.reasonResolved ?? run.state).join(", ");
}

describe("A worker that is told to drain", () => {
  for (const step of steps) {
    test(`when its task is ${step} lets it complete`, async (t) => {
      assert.equal(await endAt(t, step, "stopGracefully"), "completed");
    });
  }
});

describe("A worker that is told to end at once", () => {
  for (const step of steps) {
    const isOver = step === "resolved" || step === "gone";
    test(`when its task is ${step} ${isOver ? "leaves it completed" : "gives it back to the queue"}`, async (t) => {
      assert.equal(await endAt(t, step, "stopNow"), isOver ? "completed" : "worker-shutdown, pending");
    });
  }
});

describe("A worker that is told to end at once while it polls for more", () => {
  test("gives its tasks back when the poll is over, and does not get them again", async (t) => {
    const fixture = await Fixture.start(t, { config: { capacity: 2 }, queue: { longPollMs: 1_500 } });
    const taskId = await fixture.createTask({ ...payload, command: [["/bin/sh", "-c", "exec sleep 60"]] });
    const running = fixture.run();
    await fixture.event("started", taskId);
    await fixture.until("a poll for the other place", () => {
      const { activity } = fixture.worker.status;
      return activity.state === "claiming" && activity.most === 1 ? true : undefined;
    });
    fixture.worker.stopNow();
    assert.equal(await running, "stopped");
    const { runs } = await fixture.queue.waitFor(taskId, () => true);
    assert.deepEqual(
      runs.map((run) => run.reasonResolved ?? run.state),
      ["worker-shutdown", "pending"],
    );
    assert.equal(fixture.logLines.filter((line) => line.includes("Claimed a task.")).length, 1);
  });
});

describe("A worker that is told to end between its poll and the answer", () => {
  /** Tells the worker when the queue's answer is there, and nobody has looked at it yet. */
  class Late extends QueueClient {
    worker: Worker | null = null;
    ending: Ending = "stopGracefully";

    override async claimWork(...asked: Parameters<QueueClient["claimWork"]>): ReturnType<QueueClient["claimWork"]> {
      const claims = await super.claimWork(...asked);
      if (claims.length > 0) this.worker?.[this.ending]();
      return claims;
    }
  }

  for (const [ending, wanted] of [
    ["stopGracefully", "completed"],
    ["stopNow", "worker-shutdown, pending"],
  ] as const) {
    test(`loses nothing of what it has claimed: ${wanted}`, async (t) => {
      const clients: Late[] = [];
      const client = (config: Fixture["config"]): Late => {
        const late = new Late(config);
        clients.push(late);
        return late;
      };
      const fixture = await Fixture.start(t, { client, config: { capacity: 3 } });
      for (const late of clients) Object.assign(late, { worker: fixture.worker, ending });
      const tasks = await Promise.all([1, 2, 3].map(() => fixture.createTask(payload)));
      assert.equal(await fixture.run(), "stopped");
      for (const taskId of tasks) {
        const { runs } = await fixture.queue.waitFor(taskId, () => true);
        assert.equal(runs.map((run) => run.reasonResolved ?? run.state).join(", "), wanted);
      }
    });
  }
});
