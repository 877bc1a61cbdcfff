import assert from "node:assert/strict";
import { test } from "node:test";
import { MacosxEngine } from "../../agent/engine/macosx.ts";
import { type Asked, connectScripted, helloResult, id, scriptedUsers } from "./scripted-helper.ts";

test("a task that is canceled while its user is made waits for it no longer, and the user ends", {
  timeout: 10_000,
}, async (t) => {
  const making = Promise.withResolvers<Asked>();
  const deleted = Promise.withResolvers<unknown>();
  const { client } = await connectScripted(t, {
    ...scriptedUsers(),
    createUser: (asked) => making.resolve(asked),
    deleteUser: ({ data }) => deleted.resolve(data["user"]),
  });
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const engine = new MacosxEngine(client, helloResult.limits, { socketPath: client.socketPath, log });
  const canceled = new AbortController();
  const waiting = engine.newSandboxBuilder(canceled.signal);
  const { answer } = await making.promise;
  canceled.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  answer({ user: id("7"), name: "tcw-late", uid: 5001, home: "/nowhere/tcw-late/home" });
  assert.equal(await deleted.promise, id("7"));
});
