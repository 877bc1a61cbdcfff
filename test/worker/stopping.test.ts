import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createLogger } from "../../agent/logger.ts";
import type { Plugin } from "../../agent/plugins/plugin.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import type { TaskEvent } from "../../agent/task-events.ts";
import { TaskRun } from "../../agent/task-run.ts";
import type { Worker } from "../../agent/worker.ts";
import { patient } from "../queue/run-terms.ts";
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

/** A run that was claimed, with a plugin that uploads after an exception until it must not any longer. */
async function claimedRun(t: TestContext, polled: () => Promise<unknown> = async () => {}) {
  const fixture = await Fixture.start(t);
  const taskId = await fixture.createTask(payload);
  const client = new QueueClient(fixture.config);
  const [claim] = await client.claimWork(1, (error) => assert.fail(error));
  assert(claim);
  const uploading = Promise.withResolvers<void>();
  const upload: Plugin = {
    name: "upload",
    newTaskPlugin: (task) => ({
      exception: async () => {
        uploading.resolve();
        await once(task.signal, "abort");
      },
    }),
  };
  const { config, engine, scratchRoot, events } = fixture;
  const logger = createLogger({ stream: { write: () => {} } });
  const services = {
    config,
    engine,
    scratchRoot,
    logger,
    plugins: [upload],
    events: (each: TaskEvent) => void events.push(each),
  };
  const owner = { troubled: () => {}, holdPolls: () => {}, polled };
  const run = new TaskRun(claim, client.forRun(claim, patient), services, owner);
  const reasons = async () => (await fixture.queue.waitFor(taskId, () => true)).runs.map((each) => each.reasonResolved);
  return { run, uploading: uploading.promise, reasons };
}

const shutdown = { kind: "worker-shutdown", message: "The worker is shutting down." } as const;

describe("A run whose worker ends at once", { timeout: 60_000 }, () => {
  test("while it uploads its log after another exception has a minute left for it", async (t) => {
    const { run, uploading, reasons } = await claimedRun(t);
    t.mock.timers.enable({ apis: ["setTimeout"] });
    run.abort({ kind: "malformed-payload", message: "no" });
    let isOver = false;
    const running = run.run().then(() => {
      isOver = true;
    });
    await uploading;
    t.mock.timers.tick(70_000);
    run.abort(shutdown);
    t.mock.timers.tick(59_999);
    await setImmediate();
    assert.equal(isOver, false);
    t.mock.timers.tick(1);
    await running;
    assert.deepEqual(await reasons(), ["malformed-payload"]);
  });

  test("is given back although the poll under way came to no good", async (t) => {
    const { run, uploading, reasons } = await claimedRun(t, () => Promise.reject(new Error("a plugin failed")));
    t.mock.timers.enable({ apis: ["setTimeout"] });
    run.abort(shutdown);
    const running = run.run();
    await uploading;
    t.mock.timers.tick(60_000);
    await running;
    assert.equal((await reasons())[0], "worker-shutdown");
  });
});
