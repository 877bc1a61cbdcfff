import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { stateRoot } from "../../helper/places.ts";
import { slices, startHelper, writeConfig } from "../../helper/slice.ts";
import { stage } from "../../helper/stage.ts";
import { processesOf } from "../helper/machine.ts";
import { agentAccount } from "../helper/prepared.ts";
import { needsRoot } from "../root.ts";
import { checkout, Launched } from "./launched.ts";
import { assertGone, eventuallyGone } from "./machine-clean.ts";
import { bash, openDirectory, storiesOf, usersOf, writeTasks } from "./run-task.ts";

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

function sliceOf(uid: number): (typeof slices)[number] {
  const slice = slices.find(({ firstUid }) => uid >= firstUid && uid < firstUid + 25);
  assert.ok(slice);
  return slice;
}

/** The next start of the instance, and its clean end. */
async function startAgain(uid: number): Promise<void> {
  mkdirSync(`${stateRoot}/staged`, { recursive: true });
  const { node, code } = await stage(checkout, process.execPath, `${stateRoot}/staged`);
  const config = writeConfig(`${stateRoot}/private/crashes-${process.pid}.json`, 5500, code);
  agentAccount(node, code, "acquire", config);
  const helper = await startHelper(sliceOf(uid), node, code);
  if (typeof helper === "number") {
    assert.equal(helper, 75, "somebody else's run has started the instance already");
  } else {
    helper.stdin?.end();
    await once(helper, "exit");
  }
  agentAccount(node, code, "release", config);
  rmSync(config);
}

describe("kill -9 in mid-task", { skip: needsRoot }, () => {
  test("of the agent: its tasks are ended with it", async (t) => {
    const launched = await begin(t);
    kill(launched.processes().agent);
    assert.equal(await launched.status(), 70);
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
