import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { MacosxEngine } from "../../agent/engine/macosx.ts";
import { type Asked, connectScripted, helloResult, id, scriptedUsers } from "./scripted-helper.ts";

const late = { user: id("7"), name: "tcw-late", uid: 5001, home: "/nowhere/tcw-late/home" };

/** A task that was canceled while its user was made: the helper has not answered yet, and makes one user at a time. */
async function canceledTask(t: TestContext) {
  const making = Promise.withResolvers<Asked>();
  const deleted = Promise.withResolvers<unknown>();
  const users = scriptedUsers();
  let [isFirst, isTaken] = [true, false];
  const { client } = await connectScripted(t, {
    ...users,
    createUser: (asked) => {
      if (isTaken) return asked.refuse("no-free-user");
      isTaken = true;
      if (!isFirst) return users.createUser?.(asked);
      isFirst = false;
      making.resolve(asked);
    },
    deleteUser: (asked) => {
      isTaken = false;
      deleted.resolve(asked.data["user"]);
      users.deleteUser?.(asked);
    },
  });
  const waits = Promise.withResolvers<void>();
  const info = (_: object, message: string): void => {
    if (message === "a task waits for a task user to end") waits.resolve();
  };
  const log = { info, warn: () => {}, error: () => {} };
  const engine = new MacosxEngine(client, helloResult.limits, { socketPath: client.socketPath, log });
  const canceled = new AbortController();
  const waiting = engine.newSandboxBuilder(canceled.signal);
  const asked = await making.promise;
  canceled.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  const answer = () => asked.answer(late);
  const refuse = () => {
    isTaken = false;
    asked.refuse("create-failed");
  };
  return { engine, answer, refuse, deleted: deleted.promise, waits: waits.promise };
}

describe("a task that is canceled while its user is made", { timeout: 10_000 }, () => {
  test("waits for it no longer, and the user ends", async (t) => {
    const { answer, deleted } = await canceledTask(t);
    answer();
    assert.equal(await deleted, late.user);
  });

  for (const end of ["answer", "refuse"] as const) {
    test(`lets the next one wait for its user's place: ${end}`, async (t) => {
      const canceled = await canceledTask(t);
      const next = canceled.engine.newSandboxBuilder();
      await canceled.waits;
      canceled[end]();
      assert.notEqual((await next).user.name, late.name);
    });
  }
});

test("a task that waits for the place of another is woken when that one gets no user", {
  timeout: 10_000,
}, async (t) => {
  const users = scriptedUsers();
  const held = Promise.withResolvers<Asked>();
  let failures = 1;
  let isHeld = false;
  const { client } = await connectScripted(t, {
    ...users,
    createUser: (asked) => {
      if (!isHeld) {
        isHeld = true;
        held.resolve(asked);
      } else if (failures < 0) users.createUser?.(asked);
      else {
        failures -= 1;
        asked.refuse(failures === 0 ? "no-free-user" : "create-failed");
      }
    },
  });
  const waits = Promise.withResolvers<void>();
  const info = (_: object, message: string): void => {
    if (message === "a task waits for a task user to end") waits.resolve();
  };
  const log = { info, warn: () => {}, error: () => {} };
  const engine = new MacosxEngine(client, helloResult.limits, { socketPath: client.socketPath, log });
  const tasks = [engine.newSandboxBuilder(), engine.newSandboxBuilder()];
  const ends = Promise.allSettled(tasks);
  await waits.promise;
  (await held.promise).refuse("create-failed");
  assert.deepEqual((await ends).map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});
