import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { activityText } from "../../agent/activity.ts";
import type { AgentConfig } from "../../agent/config.ts";
import { EngineError } from "../../agent/engine/engine.ts";
import { HelperRefusedError } from "../../agent/engine/helper-client.ts";
import type { Refused } from "../../agent/queue/check.ts";
import { AnswerError } from "../../agent/queue/fields.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import { QueueError } from "../../agent/queue/task-queue.ts";
import type { Claim } from "../../agent/queue/types.ts";
import { WorkerCredentials } from "../../agent/queue/worker-credentials.ts";
import { tinyDisk } from "../artifacts/tiny-disk.ts";
import { needsRoot } from "../root.ts";
import { Fixture } from "./fixture.ts";

/** The queue's client, with its claims changed on the way. */
class ChangedClaims extends QueueClient {
  readonly #change: (claims: Claim[]) => Claim[];

  constructor(config: AgentConfig, change: (claims: Claim[]) => Claim[]) {
    super(config);
    this.#change = change;
  }

  override async claimWork(tasks: number, refused: Refused): Promise<Claim[]> {
    return this.#change(await super.claimWork(tasks, refused));
  }
}

/** Refused from the second poll on. */
class RefusedLater extends QueueClient {
  readonly refused = Promise.withResolvers<void>();
  #polls = 0;

  override async claimWork(tasks: number, refused: Refused): Promise<Claim[]> {
    this.#polls += 1;
    if (this.#polls === 1) return super.claimWork(tasks, refused);
    // The worker has heard of it when what waits for this runs.
    setImmediate(() => this.refused.resolve());
    throw new QueueError(401, "AuthenticationFailed", "no");
  }
}

/** Understands no task. */
class NotUnderstood extends QueueClient {
  override async claimWork(tasks: number, refused: Refused): Promise<Claim[]> {
    for (const claim of await super.claimWork(tasks, refused)) refused(new AnswerError("task is no object"), claim);
    return [];
  }
}

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
    await fixture.until("a poll", () => (fixture.worker.status.activity.state === "claiming" ? true : undefined));
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
    assert.equal(fixture.logLines.filter((line) => line.includes("The queue gave no tasks")).length, 1);
    assert(fixture.logLines.some((line) => line.includes("Tasks are claimed again.")));
  });

  it("claims nothing while the disk is too full, and says so", async (t) => {
    const fixture = await Fixture.start(t, { config: { requiredDiskSpaceMegabytes: 1e9 } });
    const taskId = await fixture.createTask(short);
    void fixture.run();
    assert.match(await fixture.idle("disk"), /^No tasks are claimed: the disk of \S+ has \d+ MB free/);
    assert.equal((await fixture.queue.waitFor(taskId, () => true)).state, "pending");
  });

  it("runs the other tasks when one of them has credentials that cannot be used", async (t) => {
    const client = (config: AgentConfig) =>
      new ChangedClaims(config, (claims) =>
        claims.map((claim, n) =>
          n === 0 ? { ...claim, credentials: { ...claim.credentials, certificate: "no JSON" } } : claim,
        ),
      );
    const fixture = await Fixture.start(t, { config: { capacity: 2 }, client });
    const tasks = [await fixture.createTask(short), await fixture.createTask(short)];
    void fixture.run();
    await Promise.any(tasks.map((taskId) => fixture.event("resolved", taskId)));
    assert(fixture.logLines.some((line) => line.includes("A claimed task could not be started")));
  });

  it("gives back a task that it had not asked for", async (t) => {
    let more: Claim[] = [];
    const client = (config: AgentConfig) =>
      new ChangedClaims(config, (claims) => {
        const all = [...claims, ...more];
        more = [];
        return all;
      });
    const fixture = await Fixture.start(t, { config: { numberOfTasksToRun: 1 }, client });
    const surplus = await fixture.createTask(forever);
    more = await new QueueClient(fixture.config).claimWork(1, () => {});
    const wanted = await fixture.createTask(short);
    await fixture.run();
    assert.equal((await fixture.resolved(wanted)).state, "completed");
    const { runs } = await fixture.queue.waitFor(surplus, () => true);
    assert.equal(runs[0]?.reasonResolved, "worker-shutdown");
  });

  it("runs a run once that the queue gives it twice", { timeout: 30_000 }, async (t) => {
    const client = (config: AgentConfig) => new ChangedClaims(config, (claims) => [...claims, ...claims]);
    const twice = await Fixture.start(t, { config: { capacity: 2, numberOfTasksToRun: 1 }, client });
    const taskId = await twice.createTask(short);
    assert.equal(await twice.run(), "tasks-done");
    assert.equal((await twice.resolved(taskId)).state, "completed");
    assert.equal(twice.events.filter(({ event }) => event === "claimed").length, 1);
    assert.equal(twice.worker.status.ended, 1);
    assert(twice.logLines.some((line) => line.includes("The queue gave this worker a run that it has already")));
  });

  it("tells the queue of a task that it cannot understand", async (t) => {
    const fixture = await Fixture.start(t, { client: (config) => new NotUnderstood(config) });
    const taskId = await fixture.createTask(short);
    void fixture.run();
    const { runs } = await fixture.resolved(taskId);
    assert.equal(runs[0]?.reasonResolved, "malformed-payload");
  });

  it("claims nothing with credentials that have ended, and goes on as soon as it is given others", async (t) => {
    const expiry = Date.now() - 60_000;
    const certificate = JSON.stringify({ version: 1, scopes: [], start: 0, expiry, seed: "s", signature: "s" });
    const credentials = new WorkerCredentials({ clientId: "ended", accessToken: "ended", certificate });
    const fixture = await Fixture.start(t, { client: (config) => new QueueClient(config, credentials) });
    const taskId = await fixture.createTask(short);
    void fixture.run();
    const told = `No tasks are claimed: the worker's credentials ended at ${new Date(expiry).toISOString()}; new ones are waited for.`;
    assert.equal(await fixture.idle("credentials"), told);
    credentials.replace(fixture.queue.workerCredentials("test/mac", "group", "worker"));
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    assert.equal(fixture.logLines.filter((line) => line.includes("the worker's credentials ended")).length, 1);
  });

  it("goes on idling when it may not end, for as long again", async (t) => {
    const answers = [false, true];
    const mayEnd = async () => answers.shift() ?? assert.fail("asked too often");
    const config = { idleTimeoutSecs: 0.2 };
    const fixture = await Fixture.start(t, { config, mayEnd, queue: { longPollMs: 50 } });
    const began = performance.now();
    assert.equal(await fixture.run(), "idle-timeout");
    assert.ok(performance.now() - began >= 400, "the time began anew");
    assert.deepEqual(answers, []);
  });

  it("asks before each poll whether it should end, never without a free place", { timeout: 30_000 }, async (t) => {
    const seen: string[] = [];
    class Watched extends QueueClient {
      override claimWork(tasks: number, refused: Refused): Promise<Claim[]> {
        seen.push(`claims ${tasks}`);
        return super.claimWork(tasks, refused);
      }
    }
    const beforePoll = async () => {
      seen.push(`asks beside ${fixture.worker.status.running.length}`);
      if (seen.length > 4) fixture.worker.stopGracefully();
    };
    const fixture = await Fixture.start(t, {
      client: (config) => new Watched(config),
      config: { capacity: 2 },
      beforePoll,
    });
    const payload = { command: [sh("sleep 0.3")], maxRunTime: 60 };
    await fixture.createTask(payload);
    const running = fixture.run();
    await fixture.until("a task", () => (fixture.worker.status.running.length === 1 ? true : undefined));
    await fixture.createTask(payload);
    assert.equal(await running, "stopped");
    assert.deepEqual(seen, ["asks beside 0", "claims 2", "asks beside 1", "claims 1", "asks beside 1"]);
  });

  it("lets a plugin end it after so many tasks", async (t) => {
    const fixture = await Fixture.start(t, { config: { plugins: { reboot: { taskLimit: 1 } } } });
    const taskId = await fixture.createTask(short);
    assert.equal(await fixture.run(), "stopped");
    assert.equal((await fixture.resolved(taskId)).state, "completed");
  });

  it("tells plugins of a queue that gives no answer", async (t) => {
    const fixture = await Fixture.start(t, {
      client: (config) => new QueueClient({ ...config, rootURL: "http://127.0.0.1:9" }),
      config: { plugins: { stoponerror: {} } },
    });
    assert.equal(await fixture.run(), "stopped");
    assert.match(await fixture.idle("ended"), /ended/);
  });

  it("claims no more for a while when no task user can be made, and says why", { timeout: 60_000 }, async (t) => {
    const fixture = await Fixture.start(t);
    const make = fixture.engine.newSandboxBuilder.bind(fixture.engine);
    fixture.engine.newSandboxBuilder = async () => {
      throw new HelperRefusedError("journal-unwritable", "The audit log cannot be written.");
    };
    const first = await fixture.createTask(short);
    const second = await fixture.createTask(short);
    void fixture.run();
    const { reason } = await fixture.event("resolved", first);
    assert.equal(reason, "worker-shutdown");
    const told = /^No tasks are claimed for 5 s: .* could not be begun with: The audit log cannot be written\.$/;
    assert.match(await fixture.idle("resting"), told);
    assert.equal((await fixture.queue.waitFor(second, () => true)).state, "pending");
    fixture.engine.newSandboxBuilder = make;
    assert.equal((await fixture.resolved(second)).state, "completed");
  });

  it("does not take back a task that it cannot begin with while it runs another", { timeout: 60_000 }, async (t) => {
    const fixture = await Fixture.start(t, { config: { capacity: 3 }, queue: { longPollMs: 7_000 } });
    const other = await fixture.createTask({ ...short, command: [sh("sleep 3600")] });
    void fixture.run();
    await fixture.event("started", other);
    fixture.engine.newSandboxBuilder = async () => {
      throw new HelperRefusedError("journal-unwritable", "The audit log cannot be written.");
    };
    const taskId = await fixture.createTask(short);
    await fixture.event("resolved", taskId);
    await fixture.idle("resting");
    const { runs } = await fixture.queue.waitFor(taskId, () => true);
    assert.deepEqual(
      runs.map((run) => run.reasonResolved ?? run.state),
      ["worker-shutdown", "pending"],
    );
  });

  it("takes no other task while it tells of one that it could not begin with", { timeout: 60_000 }, async (t) => {
    const told = Promise.withResolvers<void>();
    let polls = 0;
    const beforePoll = async () => {
      polls += 1;
      if (polls === 2) await told.promise;
    };
    const fixture = await Fixture.start(t, { config: { capacity: 3 }, beforePoll });
    fixture.engine.newSandboxBuilder = async () => {
      throw new EngineError("helper-refused", "The helper would not.");
    };
    const first = await fixture.createTask(short);
    void fixture.run();
    const { reason } = await fixture.event("resolved", first);
    assert.equal(reason, "internal-error");
    const second = await fixture.createTask(short);
    told.resolve();
    await fixture.idle("resting");
    assert.equal((await fixture.queue.waitFor(second, () => true)).state, "pending");
  });

  it("gives a task back at once while it waits after a refused poll", { timeout: 20_000 }, async (t) => {
    const later: RefusedLater[] = [];
    const client = (config: AgentConfig) => {
      const made = new RefusedLater(config);
      later.push(made);
      return made;
    };
    const fixture = await Fixture.start(t, { config: { capacity: 2 }, client });
    fixture.engine.newSandboxBuilder = async () => {
      await later[0]?.refused.promise;
      throw new HelperRefusedError("journal-unwritable", "The audit log cannot be written.");
    };
    const taskId = await fixture.createTask(short);
    void fixture.run();
    const { reason } = await fixture.event("resolved", taskId);
    assert.equal(reason, "worker-shutdown");
  });

  it("waits for room on the disk of the homes, says so once, and then goes on", { skip: needsRoot }, async (t) => {
    const fixture = await Fixture.start(t, { config: { requiredDiskSpaceMegabytes: 2 } });
    fixture.engine.homesDirectory = await tinyDisk(t, "3m");
    const ballast = join(fixture.engine.homesDirectory, "ballast");
    await writeFile(ballast, Buffer.alloc(2_000_000));
    const taskId = await fixture.createTask(short);
    void fixture.run();
    assert.match(
      await fixture.idle("disk"),
      /tiny-disk-\w+ has 1 MB free, and requiredDiskSpaceMegabytes is 2\. Free some/,
    );
    let looks = 0;
    await fixture.until("more looks, which have nothing new to say", () => {
      looks += 1;
      return looks > 3 ? true : undefined;
    });
    await rm(ballast);
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    const told = fixture.logLines.map((line) => JSON.parse(line)).filter(({ idle, msg }) => idle || /again/.test(msg));
    assert.deepEqual(
      told.map(({ idle, level, msg }) => [level, idle ?? msg]),
      [
        ["warn", "disk"],
        ["info", "Tasks are claimed again."],
      ],
    );
  });

  it("claims no tasks while the helper makes no task users, says why, and goes on when it does", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask(short);
    const told = () => activityText(fixture.worker.status.activity);
    const message = (user: string) => `the account ${user} cannot be made`;
    fixture.engine.noUser = { code: "create-failed", message: message("first") };
    void fixture.run();
    assert.match(
      await fixture.idle("no-user"),
      /^No tasks .*: no task user can be made: the account first cannot be made\.$/,
    );
    fixture.engine.noUser = { code: "create-failed", message: message("second") };
    await fixture.until("the newest message", () => (told().includes("second") ? true : undefined));
    assert.equal(fixture.logLines.filter((line) => line.includes("no task user can be made")).length, 1);
    assert.equal((await fixture.queue.waitFor(taskId, () => true)).state, "pending");
    fixture.engine.noUser = null;
    const { state, runs } = await fixture.resolved(taskId);
    assert.deepEqual([state, runs.length], ["completed", 1]);
  });

  it("ends while it looks whether it can run tasks, however long that takes", { timeout: 20_000 }, async (t) => {
    const fixture = await Fixture.start(t);
    const looked = Promise.withResolvers<void>();
    fixture.engine.whyNoUser = () => {
      looked.resolve();
      return new Promise(() => {});
    };
    const running = fixture.run();
    await looked.promise;
    fixture.worker.stopGracefully();
    assert.equal(await running, "stopped");
  });

  it("claims no tasks that need a screen where root gives them none, and says why", async (t) => {
    const fixture = await Fixture.start(t, { config: { headlessTasks: false } });
    const taskId = await fixture.createTask(short);
    void fixture.run();
    assert.match(await fixture.idle("no-graphics"), /headlessTasks is false, so they need a screen/);
    assert.equal((await fixture.queue.waitFor(taskId, () => true)).state, "pending");
    fixture.engine.graphical = true;
    assert.equal((await fixture.resolved(taskId)).state, "completed");
  });

  it("claims no tasks that need a screen while a task user cannot use it, and looks no more once it could", async (t) => {
    const fixture = await Fixture.start(t, { config: { headlessTasks: false } });
    const taskIds = [await fixture.createTask(short), await fixture.createTask(short)];
    Object.assign(fixture.engine, { graphical: true, screen: new Error("it said nothing") });
    void fixture.run();
    assert.match(await fixture.idle("no-screen"), /the graphics session cannot be used: it said nothing/);
    fixture.engine.screen = null;
    for (const taskId of taskIds) assert.equal((await fixture.resolved(taskId)).state, "completed");
    const { screenProbes } = fixture.engine;
    const third = await fixture.createTask(short);
    assert.equal((await fixture.resolved(third)).state, "completed");
    assert.equal(fixture.engine.screenProbes, screenProbes);
  });

  it("looks at the screen again behind a task that did not complete, and claims none while the screen is gone", async (t) => {
    const fixture = await Fixture.start(t, { config: { headlessTasks: false } });
    fixture.engine.graphical = true;
    const lost = await fixture.createTask({ ...short, command: [["/bin/sh", "-c", "sleep 0.2; exit 1"]] });
    void fixture.run();
    await fixture.event("started", lost);
    fixture.engine.screen = new Error("nobody is logged in");
    const next = await fixture.createTask(short);
    assert.match(await fixture.idle("no-screen"), /nobody is logged in/);
    assert.equal((await fixture.queue.waitFor(next, () => true)).state, "pending");
    fixture.engine.screen = null;
    assert.equal((await fixture.resolved(next)).state, "completed");
  });

  it("takes no other task into a session that is gone, nor again the one that it gives back", async (t) => {
    const config = { headlessTasks: false, capacity: 2 };
    const fixture = await Fixture.start(t, { config, queue: { longPollMs: 1_500 } });
    fixture.engine.graphical = true;
    const lost = await fixture.createTask({ ...short, command: [sh("sleep 1; kill -KILL $$")] });
    void fixture.run();
    await fixture.event("started", lost);
    await fixture.until("a poll for the other place", () => {
      const { activity } = fixture.worker.status;
      return activity.state === "claiming" && activity.most === 1 ? true : undefined;
    });
    fixture.engine.screen = new EngineError("no-screen", "nobody is logged in");
    await fixture.event("resolved", lost);
    await fixture.idle("no-screen");
    await fixture.event("gone", lost);
    const { runs } = await fixture.queue.waitFor(lost, () => true);
    assert.deepEqual(
      runs.map((run) => run.reasonResolved ?? run.state),
      ["worker-shutdown", "pending"],
    );
  });

  it("says that it is quarantined, and claims again when that is over", async (t) => {
    const fixture = await Fixture.start(t);
    const until = new Date(Date.now() + 2_000);
    fixture.queue.quarantine("group", "worker", until);
    const taskId = await fixture.createTask(short);
    void fixture.run();
    const said = `No tasks are claimed: the queue has this worker in quarantine until ${until.toISOString()}.`;
    assert.equal(await fixture.idle("quarantined"), said);
    assert.equal((await fixture.resolved(taskId)).state, "completed");
  });

  it("counts the tasks of the worker before it, where it is told to", async (t) => {
    const counting = await mkdtemp(join(tmpdir(), "counting-"));
    t.after(() => rm(counting, { recursive: true }));
    await writeFile(join(counting, "tasks-resolved-count.txt"), "2");
    const settings = { config: { capacity: 4, numberOfTasksToRun: 3 }, counting };
    const fixture = await Fixture.start(t, settings);
    const tasks = [await fixture.createTask(short), await fixture.createTask(short)];
    assert.equal(await fixture.run(), "tasks-done");
    const states = await Promise.all(tasks.map((taskId) => fixture.queue.waitFor(taskId, () => true)));
    assert.deepEqual(states.map(({ state }) => state).sort(), ["completed", "pending"]);
    assert.equal(await readFile(join(counting, "tasks-resolved-count.txt"), "utf8"), "3");
    const next = await Fixture.start(t, settings);
    assert.equal(await next.run(), "tasks-done");
  });

  it("shows that it drains while its last task runs", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask(forever);
    void fixture.run();
    await fixture.event("started", taskId);
    fixture.worker.stopGracefully();
    assert.equal(await fixture.idle("draining"), "No more tasks are claimed.");
    assert.equal(fixture.worker.status.running.length, 1);
  });

  it("goes on when the free space cannot be asked for", async (t) => {
    const fixture = await Fixture.start(t, { config: { requiredDiskSpaceMegabytes: 1 } });
    await rm(fixture.scratchRoot, { recursive: true });
    void fixture.run();
    await fixture.idle("disk-unknown");
    fixture.worker.stopGracefully();
    assert.equal(await fixture.run(), "stopped");
  });

  it("shows a run no longer as one that the queue could not be told of once it could", async (t) => {
    const faults = { status503: { method: "reportException", times: 1 } };
    const fixture = await Fixture.start(t, { queue: { faults } });
    const taskId = await fixture.createTask({ ...short, unknown: true });
    void fixture.run();
    const state = () => fixture.worker.status.running.map(({ unheard }) => unheard).join();
    await fixture.until("a report that is not heard", () => (state() === "true" ? true : undefined));
    await fixture.until("one that is", () => (state() === "false" ? true : undefined));
    await fixture.event("resolved", taskId);
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
