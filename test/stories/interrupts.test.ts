import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { needsRoot } from "../root.ts";
import { Launched } from "./launched.ts";
import { assertGone } from "./machine-clean.ts";
import { bash, openDirectory, type Story, storiesOf, usersOf, writeTasks } from "./run-task.ts";

const ignoring = bash("trap '' TERM INT HUP; echo running; while :; do sleep 0.2; done");
const resolutions = (stories: readonly Story[]): string[] => stories.map(({ resolution }) => resolution);

async function begin(t: TestContext, payloads: readonly object[]): Promise<Launched> {
  const launched = new Launched(["run-task", writeTasks(join(openDirectory(), "tasks.yml"), payloads), "--json"]);
  t.after(() => launched.signal("SIGKILL"));
  await launched.said("running\\n");
  return launched;
}

describe("run-task that is interrupted", { skip: needsRoot }, () => {
  test("by SIGINT cancels its tasks, deletes their users and ends with 130", async (t) => {
    const launched = await begin(t, [ignoring, ignoring]);
    launched.signal("SIGINT");
    assert.equal(await launched.status(), 130);
    assertGone(usersOf(launched.stdout));
    assert.deepEqual(resolutions(storiesOf(launched.stdout, 2)), ["exception/canceled", "exception/canceled"]);
  });

  test("by SIGTERM lets the tasks under way end", async (t) => {
    const launched = await begin(t, [bash("echo running; sleep 1; echo the end")]);
    launched.signal("SIGTERM");
    assert.equal(await launched.status(), 0);
    assert.deepEqual(resolutions(storiesOf(launched.stdout, 1)), ["completed/completed"]);
    assertGone(usersOf(launched.stdout));
  });

  test("by SIGINT after SIGTERM does not wait any longer", async (t) => {
    const launched = await begin(t, [ignoring]);
    launched.signal("SIGTERM");
    await launched.said("ending when the tasks under way are done");
    launched.signal("SIGINT");
    assert.equal(await launched.status(), 130);
    assertGone(usersOf(launched.stdout));
  });

  test("by a second SIGTERM does not wait any longer", async (t) => {
    const launched = await begin(t, [ignoring]);
    launched.signal("SIGTERM");
    await launched.said("ending when the tasks under way are done");
    launched.signal("SIGTERM");
    assert.equal(await launched.status(), 130);
    assertGone(usersOf(launched.stdout));
  });

  test("by SIGINT twice still deletes the users", async (t) => {
    const launched = await begin(t, [ignoring]);
    launched.signal("SIGINT");
    launched.signal("SIGINT");
    assert.equal(await launched.status(), 130);
    assertGone(usersOf(launched.stdout));
  });
});
