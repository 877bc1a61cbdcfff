import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, type TestContext, test } from "node:test";
import { EngineError, type ResultSet } from "../../agent/engine/engine.ts";
import { MacosxBuilder } from "../../agent/engine/sandbox.ts";
import { TaskAccount } from "../../agent/engine/task-account.ts";
import { connectScripted, type Part, scriptedUsers } from "./scripted-helper.ts";

/** A sandbox of the graphics session whose command ends so, and whose user can look while `sees`. */
async function sandbox(t: TestContext, part: Part, sees: (kills: number) => boolean) {
  let kills = 0;
  const { client } = await connectScripted(t, {
    ...scriptedUsers(() => part),
    killUser: ({ answer }) => {
      kills += 1;
      answer({ killed: kills === 1 ? 7 : 0 });
    },
  });
  const account = new TaskAccount(client, await client.request("createUser", {}));
  const probeScreen = async () => {
    if (!sees(kills)) throw new EngineError("no-screen", "nobody is logged in");
  };
  const terms = { isolated: Promise.resolve(), graphical: true, probeScreen, end: () => account.delete() };
  return { own: await new MacosxBuilder(account, terms).startSandbox(), kills: () => kills };
}

const killed: Part = { signal: "SIGKILL" };

describe("a command of the graphics session that ends by a signal", { timeout: 20_000 }, () => {
  test("is the task's own fault when what it left behind keeps its user from looking at the screen", async (t) => {
    const { own } = await sandbox(t, killed, (kills) => kills > 0);
    assert.equal((await own.run(["bomb"], new PassThrough())).signal, "SIGKILL");
    const { leftover }: ResultSet = await own.finish();
    assert.equal(leftover, 7);
  });

  test("was ended with the session when its user cannot look at the screen although nothing of it is left", async (t) => {
    const { own } = await sandbox(t, killed, () => false);
    await assert.rejects(own.run(["bomb"], new PassThrough()), { code: "no-screen" });
  });

  test("leaves shells of a person alone where the screen is there", async (t) => {
    let looks = 0;
    const { own, kills } = await sandbox(t, killed, () => {
      looks += 1;
      return true;
    });
    await own.run(["crash"], new PassThrough());
    assert.deepEqual([looks, kills()], [1, 0]);
  });
});
