import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { exitStatus } from "../../agent/cli/exit-status.ts";
import { fillIn } from "../../agent/cli/fill-in.ts";
import { localPool } from "../../agent/cli/local-names.ts";
import { TaskCreator } from "../../agent/cli/task-creator.ts";
import { parseTaskFile } from "../../agent/cli/task-file.ts";
import { followTasks } from "../../agent/cli/task-following.ts";
import { type PlannedTask, planTasks } from "../../agent/cli/task-plan.ts";
import { Unclaimed } from "../../agent/cli/unclaimed.ts";
import { startLocalQueue } from "../../agent/local/queue.ts";

const never = new AbortController().signal;

async function twoTasks(t: TestContext): Promise<{ creator: TaskCreator; tasks: PlannedTask[] }> {
  const blobDir = await mkdtemp(join(tmpdir(), "following-"));
  const queue = await startLocalQueue({ blobDir, deadlineDelayMs: 0 });
  t.after(async () => {
    await queue.close();
    await rm(blobDir, { recursive: true });
  });
  const how = { file: "two.yml", now: new Date(), taskQueueId: localPool, owner: "somebody@example.com" };
  const documents = parseTaskFile("payload: {}\n---\npayload: {}\n", how.file).map((document) => ({
    ...document,
    definition: fillIn(document, how).definition,
  }));
  const creator = new TaskCreator(queue.rootUrl, queue.rootCredentials);
  const tasks = planTasks(documents, how.file, false);
  for (const task of tasks) await creator.create(task);
  return { creator, tasks };
}

/** Hears every step, and may do something about it. */
function saying(hear: (text: string) => void) {
  return { step: hear, hint: () => {}, ask: () => {}, error: () => {}, out: async () => {} };
}

suite("whoever waits for tasks", () => {
  test("hears once that no worker claims them, and still what becomes of each", async (t) => {
    const { creator, tasks } = await twoTasks(t);
    const steps: string[] = [];
    const cancelled: Promise<void>[] = [];
    const say = saying((text) => {
      steps.push(text);
      if (text.startsWith("no worker")) cancelled.push(...tasks.map(({ taskId }) => creator.cancel(taskId)));
    });
    const interrupts = { stop: never, drain: never };
    assert.equal(
      await followTasks(tasks, creator, new Unclaimed("start one", false, 0), { say, interrupts }),
      exitStatus.exception,
    );
    await Promise.all(cancelled);
    const hints = steps.filter((text) => text.startsWith("no worker has claimed a task of local/macosx for 0 s"));
    assert.equal(hints.length, 1, steps.join("\n"));
    assert.equal(cancelled.length, 2, steps.join("\n"));
    for (const n of [1, 2]) assert.ok(steps.includes(`task ${n}: exception (canceled)`), steps.join("\n"));
  });

  test("can end the waiting, and the tasks stay", async (t) => {
    const { creator, tasks } = await twoTasks(t);
    const stop = new AbortController();
    const interrupts = { stop: stop.signal, drain: never };
    const say = saying(() => stop.abort());
    assert.equal(
      await followTasks(tasks, creator, new Unclaimed("start one", false), { say, interrupts }),
      exitStatus.interrupted,
    );
    for (const { taskId } of tasks) assert.equal((await creator.look(taskId)).state, "pending");
  });
});
