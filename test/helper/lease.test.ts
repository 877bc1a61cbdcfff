import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import type { Answers } from "../../shared/protocol/messages.ts";
import { needsRoot } from "../root.ts";
import { Client, type Started } from "./client.ts";
import { accountsIn, processesOf } from "./machine.ts";
import { type RealHelper, startRealHelper } from "./real-helper.ts";
import { eventually } from "./wait.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

suite("What a connection made", { skip: needsRoot }, () => {
  let helper: RealHelper;
  before(async () => {
    helper = await startRealHelper();
  });
  after(() => helper?.stop());

  /** A connection with a task user whose task runs, with a daemon and files in its home and in /tmp. */
  async function busyConnection(): Promise<{ client: Client; user: Answers["createUser"]; task: Started }> {
    const client = await Client.hello(helper.socketPath);
    const user = await client.request("createUser", {});
    const daemon = "setsid bash -c 'trap \"\" TERM HUP; sleep 300; :' >/dev/null 2>&1 &";
    const task = await client.start(user.user, bash(`${daemon} echo x >f; echo x >/tmp/tcw-$UID; echo up; sleep 300`));
    return { client, user, task };
  }

  function assertNothingLeft(user: Answers["createUser"]): void {
    assert.deepEqual(processesOf(user.uid), []);
    assert.deepEqual(accountsIn(helper.slice.firstUid, helper.slice.firstUid + 24), []);
    assert.equal(existsSync(`/home/${user.name}`), false);
    assert.equal(existsSync(`/tmp/tcw-${user.uid}`), false);
  }
  const dismissed = (): Promise<void> => helper.idle();

  test("is gone after the connection closes in the middle of a task", async () => {
    const { client, user } = await busyConnection();
    await client.close();
    await dismissed();
    assertNothingLeft(user);
  });

  test("is gone after the connection is half closed by the agent", async () => {
    const { client, user } = await busyConnection();
    client.socket.end();
    await dismissed();
    assertNothingLeft(user);
    await client.close();
  });

  test("is gone after the connection broke the protocol", async () => {
    const { client, user } = await busyConnection();
    client.send("no frame\f");
    assert.equal((await client.ended)?.code, "frame-malformed");
    await dismissed();
    assertNothingLeft(user);
  });

  test("is gone when the connection closes while a user is made", async () => {
    const client = await Client.hello(helper.socketPath);
    const calls = helper.calls().length;
    client.ask("createUser", {});
    await eventually(() => helper.calls().length > calls + 2, "the account is being made");
    await client.close();
    await dismissed();
    assert.deepEqual(accountsIn(helper.slice.firstUid, helper.slice.firstUid + 24), []);
  });

  test("is gone when the connection closes while a user is killed or deleted", async () => {
    for (const request of ["killUser", "deleteUser"] as const) {
      const { client, user } = await busyConnection();
      client.ask(request, { user: user.user });
      await client.request("ticket", {});
      await client.close();
      await dismissed();
      assertNothingLeft(user);
    }
  });

  test("does not keep the next agent out while it is ended", async () => {
    const { client, user } = await busyConnection();
    client.send("no frame\f");
    await client.ended;
    const next = await Client.hello(helper.socketPath);
    const made = await next.request("createUser", {});
    assert.notEqual(made.uid, user.uid);
    await next.close();
    await dismissed();
    assertNothingLeft(user);
  });

  test("is gone after the helper is killed in the middle of a task and started again", async () => {
    const { user } = await busyConnection();
    await helper.kill();
    assert.ok(processesOf(user.uid).length > 0, "the task has outlived the helper");
    await helper.restart();
    assertNothingLeft(user);
    assert.deepEqual(helper.status(), { ...helper.status(), live: 0, quarantined: 0 });
  });

  test("is gone after the helper is killed while a user is made, and started again", async () => {
    for (const after of [1, 4, 8, 12]) {
      const client = await Client.hello(helper.socketPath);
      const calls = helper.calls().length;
      client.ask("createUser", {});
      await eventually(() => helper.calls().length > calls + after, "the account is being made");
      await helper.kill();
      await helper.restart();
      assert.deepEqual(accountsIn(helper.slice.firstUid, helper.slice.firstUid + 24), [], `after ${after} calls`);
    }
  });

  test("is gone when the helper is asked to end, in the middle of a task", async () => {
    const { user, client } = await busyConnection();
    helper.process.kill("SIGTERM");
    await eventually(() => helper.process.exitCode !== null, "the helper has ended");
    assert.equal(helper.process.exitCode, 0);
    assertNothingLeft(user);
    assert.equal(existsSync(helper.socketPath), false);
    await client.close();
    await helper.restart();
  });

  test("is gone when the helper is asked to end while a user is deleted, or made", async () => {
    for (const request of ["deleteUser", "createUser"] as const) {
      const { user, client } = await busyConnection();
      if (request === "deleteUser") client.ask(request, { user: user.user });
      else client.ask(request, {});
      await client.request("ticket", {});
      helper.process.kill("SIGTERM");
      await eventually(() => helper.process.exitCode !== null, "the helper has ended");
      assertNothingLeft(user);
      await client.close();
      await helper.restart();
    }
  });
});
