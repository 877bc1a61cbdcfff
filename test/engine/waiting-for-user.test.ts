import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { HelperClient } from "../../agent/engine/helper-client.ts";
import { MacosxEngine } from "../../agent/engine/macosx.ts";
import { type Asked, connectScripted, helloResult, id, scriptedUsers } from "./scripted-helper.ts";

/** `waits` resolves when a task waits for the place of another. */
function engineOf(client: HelperClient) {
  const waits = Promise.withResolvers<void>();
  const info = (_: object, message: string): void => {
    if (message === "a task waits for a task user to end") waits.resolve();
  };
  const log = { info, warn: () => {}, error: () => {} };
  const engine = new MacosxEngine(client, helloResult.limits, { socketPath: client.socketPath, log });
  return { engine, waits: waits.promise };
}

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
  const { engine, waits } = engineOf(client);
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
  return { engine, answer, refuse, deleted: deleted.promise, waits };
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
  const first = Promise.withResolvers<Asked>();
  const answers: ((asked: Asked) => void)[] = [
    (asked) => first.resolve(asked),
    ({ refuse }) => refuse("no-free-user"),
    ({ refuse }) => refuse("create-failed"),
  ];
  const createUser = (asked: Asked): void => (answers.shift() ?? users.createUser)?.(asked);
  const { client } = await connectScripted(t, { ...users, createUser });
  const { engine, waits } = engineOf(client);
  const ends = Promise.allSettled([engine.newSandboxBuilder(), engine.newSandboxBuilder()]);
  await waits;
  (await first.promise).refuse("create-failed");
  assert.deepEqual((await ends).map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("a task is given back when its user cannot be looked at before it", { timeout: 10_000 }, async (t) => {
  const { client } = await connectScripted(t, scriptedUsers(undefined, { canary: { output: "" } }));
  const { engine } = engineOf(client);
  await assert.rejects(engine.newSandboxBuilder(), { code: "no-free-user", message: /could not be probed/ });
});
