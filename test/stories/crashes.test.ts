import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { processesOf } from "../helper/machine.ts";
import { needsRoot } from "../root.ts";
import { Launched } from "./launched.ts";
import { LocalSession } from "./local-session.ts";
import { assertGone, eventuallyGone, type User } from "./machine-clean.ts";
import { bash, openDirectory, storiesOf, usersOf, writeTasks } from "./run-task.ts";
import { startAgain } from "./start-again.ts";

const sleeper = bash(
  "trap '' TERM INT HUP; echo x >/tmp/crash-$USER; setsid sleep 1000 >/dev/null 2>&1 & echo running; while :; do sleep 1; done",
);

/** One task in its command. */
async function begin(t: TestContext): Promise<Launched> {
  const launched = new Launched(["run-task", writeTasks(join(openDirectory(), "tasks.yml"), [sleeper]), "--json"]);
  t.after(() => launched.signal("SIGKILL"));
  await launched.said("running\\n");
  assert.ok(processesOf(usersOf(launched.stdout)[0]?.uid ?? 0).length > 2, "the task runs");
  return launched;
}

function kill(...pids: number[]): void {
  for (const pid of pids) {
    assert.ok(pid > 1);
    process.kill(pid, "SIGKILL");
  }
}

describe("kill -9 in mid-task", { skip: needsRoot }, () => {
  test("of the agent: its tasks are ended with it", async (t) => {
    const launched = await begin(t);
    kill(launched.processes().agent);
    assert.equal(await launched.status(), 70);
    assert.match(
      launched.stderr.join("\n"),
      /^taskcluster-worker: SIGKILL ended the agent: its task users end with it/m,
    );
    assertGone(usersOf(launched.stdout));
  });

  test("of the helper: the task ends as worker-shutdown, and the next helper ends what it left", async (t) => {
    const launched = await begin(t);
    kill(launched.processes().helper);
    assert.equal(await launched.status(), 70);
    const [story] = storiesOf(launched.stdout, 1);
    const resolved = story?.events.find(({ event }) => event === "resolved");
    assert.deepEqual([resolved?.state, resolved?.reason], ["exception", "worker-shutdown"]);
    await eventuallyGone(usersOf(launched.stdout));
  });

  test("of both: nothing is left when the starter ends", async (t) => {
    const launched = await begin(t);
    const { helper, agent } = launched.processes();
    kill(helper, agent);
    assert.equal(await launched.status(), 70);
    await eventuallyGone(usersOf(launched.stdout));
  });

  test("of the starter: helper and agent end by themselves", async (t) => {
    const launched = await begin(t);
    kill(launched.pid);
    await launched.status();
    await eventuallyGone(usersOf(launched.stdout));
  });

  test("of the starter of a worker whose queue is gone: the agent ends long before its claim", async () => {
    const session = await LocalSession.start(openDirectory());
    // The last starter that ends, which may be another test's, would end an agent without one.
    const beside = await LocalSession.start(openDirectory());
    const worker = session.startWorker({ capacity: 1 });
    const [id = ""] = await session.submit([sleeper]);
    const { takenUntil = "" } = await session.begun(id);
    await worker.said("task user created");
    const line = worker.stderr.find((each) => each.includes("task user created")) ?? "";
    const user: User = JSON.parse(line);
    await session.endQueue();
    kill(worker.pid);
    // The agent holds the output, so this is its end.
    await worker.status();
    const place = (text: string) => worker.stderr.findIndex((each) => each.includes(text));
    const gone = place("The starter is gone, and its helper ends with it");
    assert.ok(gone >= 0, worker.stderr.join("\n"));
    assert.ok(place("The queue could not be told that the task is exception") > gone, worker.stderr.join("\n"));
    assert.ok(Date.parse(takenUntil) - Date.now() > 10 * 60_000, `the claim lasts until ${takenUntil}`);
    await session.end();
    await beside.end();
    await startAgain(user.uid);
    await eventuallyGone([user]);
  });

  test("of all three: the next start of the instance leaves nothing", async (t) => {
    const launched = await begin(t);
    const { helper, agent } = launched.processes();
    kill(launched.pid, helper, agent);
    await launched.status();
    const [user] = usersOf(launched.stdout);
    assert.ok(user && existsSync(`/home/${user.user}`), "there is something left");
    await startAgain(user.uid);
    await eventuallyGone([user]);
  });
});
