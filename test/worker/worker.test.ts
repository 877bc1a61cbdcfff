import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fixture } from "./fixture.ts";

const sh = (script: string) => ["/bin/sh", "-c", script];
const forever = { command: [sh("exec sleep 600")], maxRunTime: 600 };
const short = { command: [["true"]], maxRunTime: 60 };

describe("the worker", { concurrency: 4 }, () => {
  it("runs as many tasks at once as it has places, and all of them in the end", async (t) => {
    const fixture = await Fixture.start(t, { config: { capacity: 4, numberOfTasksToRun: 8 } });
    const payload = { command: [sh("sleep 0.3")], maxRunTime: 60 };
    const tasks = await Promise.all(Array.from({ length: 8 }, () => fixture.createTask(payload)));
    let most = 0;
    const ended = fixture.run();
    await fixture.until("the end", () => {
      const { running, ended } = fixture.worker.status;
      most = Math.max(most, running.length);
      return ended === 8 ? true : undefined;
    });
    assert.equal(await ended, "tasks-done");
    assert.equal(most, 4);
    for (const taskId of tasks) assert.equal((await fixture.resolved(taskId)).state, "completed");
  });

  it("ends after the number of tasks that it was given, and leaves the others", async (t) => {
    const fixture = await Fixture.start(t, { config: { capacity: 4, numberOfTasksToRun: 2 } });
    const tasks = await Promise.all(Array.from({ length: 3 }, () => fixture.createTask(short)));
    assert.equal(await fixture.run(), "tasks-done");
    const states = await Promise.all(tasks.map((taskId) => fixture.queue.waitFor(taskId, () => true)));
    assert.deepEqual(states.map(({ state }) => state).sort(), ["completed", "completed", "pending"]);
  });

  it("ends when it was idle for too long", async (t) => {
    const fixture = await Fixture.start(t, { config: { idleTimeoutSecs: 1 } });
    assert.equal(await fixture.run(), "idle-timeout");
  });

  it("reports worker-shutdown for the tasks under way when it is stopped at once", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask(forever);
    const ended = fixture.run();
    await fixture.event("started", taskId);
    fixture.worker.stopNow();
    assert.equal(await ended, "stopped");
    const { runs } = await fixture.queue.waitFor(taskId, () => true);
    assert.deepEqual(
      runs.map(({ reasonResolved, state }) => reasonResolved ?? state),
      ["worker-shutdown", "pending"],
    );
  });

  it("uploads the log of a task that its shutdown ended", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask(forever);
    const ended = fixture.run();
    await fixture.event("started", taskId);
    fixture.worker.stopNow();
    await ended;
    assert.match(await fixture.log(taskId, 0), /\[taskcluster:error\] The worker is shutting down\.\n$/);
  });

  it("finishes its tasks when it is stopped gracefully, and claims no more", async (t) => {
    const fixture = await Fixture.start(t);
    const first = await fixture.createTask({ command: [sh("sleep 0.5")], maxRunTime: 60 });
    const ended = fixture.run();
    await fixture.event("started", first);
    fixture.worker.stopGracefully();
    const second = await fixture.createTask(short);
    assert.equal(await ended, "stopped");
    assert.equal((await fixture.resolved(first)).state, "completed");
    assert.equal((await fixture.queue.waitFor(second, () => true)).state, "pending");
  });

  it("runs a task that the poll under way brings after it was told to drain", async (t) => {
    const fixture = await Fixture.start(t, { queue: { longPollMs: 20_000 } });
    const ended = fixture.run();
    await fixture.until("a poll", () => (fixture.worker.status.claiming ? true : undefined));
    fixture.worker.stopGracefully();
    const taskId = await fixture.createTask(short);
    assert.equal(await ended, "stopped");
    assert.equal((await fixture.resolved(taskId)).state, "completed");
  });

  it("goes on after the queue could not be asked", async (t) => {
    const faults = { status503: { method: "claimWork", times: 2 } };
    const fixture = await Fixture.start(t, { config: { numberOfTasksToRun: 1 }, queue: { faults } });
    const taskId = await fixture.createTask(short);
    await fixture.run();
    assert.equal(faults.status503.times, 0);
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    assert(fixture.logLines.some((line) => line.includes("The queue gave no tasks")));
  });

  it("claims nothing while the disk is too full, and says so", async (t) => {
    const fixture = await Fixture.start(t, { config: { requiredDiskSpaceMegabytes: 1e9 } });
    const taskId = await fixture.createTask(short);
    void fixture.run();
    const doing = await fixture.until("the reason", () =>
      /requiredDiskSpaceMegabytes/.exec(fixture.worker.status.doing) ? fixture.worker.status.doing : undefined,
    );
    assert.match(doing, /^No tasks are claimed: the disk has \d+ MB free/);
    assert.equal((await fixture.queue.waitFor(taskId, () => true)).state, "pending");
  });

  it("shows what it runs", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask(forever);
    void fixture.run();
    await fixture.event("started", taskId);
    const { running, ended } = fixture.worker.status;
    assert.deepEqual(
      running.map(({ taskId, runId }) => ({ taskId, runId })),
      [{ taskId, runId: 0 }],
    );
    assert.equal(ended, 0);
  });
});
