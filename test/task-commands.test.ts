import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import type { CommandResult } from "../agent/engine/engine.ts";
import { emptyPayload } from "../agent/payload/payload.ts";
import { runCommands } from "../agent/task-commands.ts";
import { TaskLog } from "../agent/task-log.ts";

const ended = { code: 0, signal: null, userMs: 0, systemMs: 0, wallMs: 1, aborted: false };

/** Runs two commands of a run that gets a cause of its own, or none, while the first has the result. */
async function commandsRun(t: TestContext, result: Partial<CommandResult>, cause: boolean): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "task-commands-"));
  t.after(() => rm(folder, { recursive: true }));
  const log = await TaskLog.open(join(folder, "log"), 10_000);
  t.after(() => log.close());
  let ran = 0;
  const sandbox = {
    run: async () => {
      ran += 1;
      return { ...ended, ...result };
    },
  };
  const ending = (): boolean => cause && ran > 0;
  await runCommands([["a"], ["b"]], emptyPayload("generic-worker"), sandbox, log, ending, () => () => []);
  return ran;
}

suite("The commands of a task", () => {
  test("run one after the other", async (t) => {
    assert.equal(await commandsRun(t, {}, false), 2);
  });

  test("fail with the first that fails", async (t) => {
    await assert.rejects(commandsRun(t, { code: 127 }, false), { kind: "command-failed", message: "exit status 127" });
  });

  test("add no cause to the one that a run has already, however the command ended meanwhile", async (t) => {
    // A cancel may come when a command has ended by itself and is still looked at.
    for (const result of [{}, { code: 127 }, { code: null }, { code: null, signal: "SIGKILL", aborted: true }]) {
      assert.equal(await commandsRun(t, result, true), 1);
    }
  });
});
