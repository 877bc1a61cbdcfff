import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { limits } from "../../shared/protocol/limits.ts";
import { needsRoot } from "../root.ts";
import { path, rejectsWith } from "./client.ts";
import { useHelper } from "./fixture.ts";
import { accountOf } from "./machine.ts";
import { within } from "./wait.ts";

const user = "0123456789abcdef0123456789abcdef";
const command = { argv: ["/bin/true"], env: {} };

suite("A request", { skip: needsRoot }, () => {
  const fixture = useHelper({ maxUsers: 3 });

  for (const [what, argv, env] of [
    ["a forged UID", ["true"], { UID: "0" }],
    ["an exported function", ["true"], { "BASH_FUNC_id%%": "() { echo 0; }" }],
    ["a string that is too long in bytes only", ["é".repeat(limits.stringBytes / 2 + 1)], {}],
    ["strings that are too long together", Array(4).fill("x".repeat(limits.argvEnvBytes / 4)), {}],
    ["a NUL in argv", ["a\0b"], {}],
  ] satisfies [string, string[], Record<string, string>][]) {
    test(`to spawn with ${what} ends the connection`, async (t) => {
      const { client, user } = await fixture.clientWithUser(t);
      client.frame("spawn", { id: 9, user: user.user, argv, env });
      assert.equal((await within(client.ended, "the end"))?.code, "message-invalid");
    });
  }

  for (const [type, data, code] of [
    ["hello", { protocol: 1 }, "not-now"],
    ["spawn", { user, ...command }, "unknown-id"],
    ["killUser", { user }, "unknown-id"],
    ["deleteUser", { user }, "unknown-id"],
    ["deleteUser", { user: "tcw-aaaaaaaa" }, "message-invalid"],
    ["killUser", { user, uid: 0 }, "message-invalid"],
    ["createUser", { uid: 5600 }, "message-invalid"],
    ["createUser", { name: "root" }, "message-invalid"],
    ["spawn", { user, ...command, uid: 0 }, "message-invalid"],
    ["spawn", { user, ...command, cwd: "relative" }, "message-invalid"],
    ["signal", { process: user, signal: "SIGSEGV" }, "message-invalid"],
    ["signal", { process: 1, signal: "SIGKILL" }, "message-invalid"],
    ["attach", { ticket: user }, "message-invalid"],
    ["constructor", {}, "message-invalid"],
    ["__proto__", {}, "message-invalid"],
    ["toString", {}, "message-invalid"],
    ["config", {}, "message-invalid"],
  ] satisfies [string, object, string][]) {
    test(`${type} ${JSON.stringify(data).replaceAll(user, "ID")} after hello ends the connection as ${code}`, async (t) => {
      const client = await fixture.client(t);
      client.frame(type, { id: 2, ...data });
      assert.equal((await within(client.ended, "the end"))?.code, code);
    });
  }

  test("for a user that is deleted already ends the connection as unknown-id", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.request("deleteUser", { user: user.user });
    await rejectsWith(client.request("spawn", { user: user.user, ...command }), "unknown-id");
  });

  for (const during of ["killUser", "deleteUser"] as const) {
    test(`to spawn while ${during} runs ends the connection as not-now`, async (t) => {
      const { client, user } = await fixture.clientWithUser(t);
      client.ask(during, { user: user.user });
      await rejectsWith(client.request("spawn", { user: user.user, ...command }), "not-now");
    });
  }

  test("for the user of an earlier connection ends the connection as unknown-id", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.close();
    const next = await fixture.client(t);
    await rejectsWith(next.request("spawn", { user: user.user, ...command }), "unknown-id");
  });

  test("to spawn with a ticket that nobody attached is refused as expired", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const { ticket } = await client.request("ticket", {});
    await rejectsWith(client.request("spawn", { user: user.user, ...command, output: ticket }), "ticket-expired");
  });

  test("that follows one which ended the connection is not carried out", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const before = fixture.helper.calls().length;
    const tooLong = { user: user.user, argv: ["x".repeat(90_000), "y".repeat(90_000), "z".repeat(90_000)], env: {} };
    const frames = [
      ["spawn", { id: 8, ...tooLong }],
      ["createUser", { id: 9 }],
      ["spawn", { id: 10, user: user.user, ...command }],
    ].map(([type, data]) => `${JSON.stringify({ type, data })}\f`);
    client.send(frames.join(""));
    assert.equal((await within(client.ended, "the end"))?.code, "message-invalid");
    const next = await fixture.client(t);
    await next.request("createUser", {}); // Accounts are made one after another: what was begun before is done by now.
    const made = fixture.helper
      .calls()
      .slice(before)
      .filter((argv) => argv[1] === "-create" && argv.length === 3);
    assert.equal(made.length, 2, "one group and one user record");
    const spawned = fixture.helper.audit().filter((line) => line["action"] === "spawn" && line["user"] === user.name);
    assert.deepEqual(spawned, []);
  });

  test("to reuse, to park or for graphics is refused, and the user can still be used and deleted", async (t) => {
    const { client, user: made } = await fixture.clientWithUser(t);
    const parkId = (await client.request("ticket", {})).ticket.replace(/./g, "0");
    client.frame("createUser", { id: 100, reuse: parkId });
    await rejectsWith(client.reply("createUser", 100), "not-allowed");
    await rejectsWith(client.request("spawn", { user: made.user, ...command, graphical: true }), "not-allowed");
    await rejectsWith(client.request("deleteUser", { user: made.user, park: true }), "not-allowed");
    assert.equal((await client.run(made.user, ["echo", "still"], { env: { PATH: path } })).output, "still\n");
    assert.equal((await client.request("deleteUser", { user: made.user })).state, "gone");
  });

  test("to park does not keep the user when the connection closes after the refusal", async (t) => {
    const { client, user: made } = await fixture.clientWithUser(t);
    await rejectsWith(client.request("deleteUser", { user: made.user, park: true }), "not-allowed");
    await client.close();
    await fixture.helper.idle();
    assert.equal(accountOf("passwd", made.uid), undefined);
  });

  test("to signal a process that has exited, or that never was, delivers nothing", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const { process } = await client.request("spawn", { user: user.user, ...command });
    await client.exited(process);
    assert.deepEqual(await client.request("signal", { process, signal: "SIGKILL" }), { delivered: false });
    client.frame("signal", { id: 200, process: "0".repeat(32), signal: "SIGKILL" });
    assert.deepEqual(await client.reply("signal", 200), { delivered: false });
  });

  test("for more users than maxUsers is refused until one is gone", async (t) => {
    const client = await fixture.client(t);
    const ids = Array.from({ length: 4 }, () => client.ask("createUser", {}));
    const results = await Promise.allSettled(ids.map((id) => client.reply("createUser", id)));
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 3);
    const refused = results.find((result) => result.status === "rejected");
    assert.equal(refused?.reason.code, "no-free-user");
  });

  test("for more users than maxUsers is refused too when several come at once beside those that live", async (t) => {
    const client = await fixture.client(t);
    for (const _ of [1, 2]) await client.request("createUser", {});
    const ids = Array.from({ length: 3 }, () => client.ask("createUser", {}));
    const results = await Promise.allSettled(ids.map((id) => client.reply("createUser", id)));
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  });

  test("for a resting user beyond maxUsers is refused too", async (t) => {
    const client = await fixture.client(t);
    const make = () => client.request("createUser", {});
    const [a, b, c] = [await make(), await make(), await make()];
    fixture.helper.modes("tcc=denied\n");
    t.after(() => fixture.helper.modes(""));
    for (const { user } of [a, b]) assert.equal((await client.request("deleteUser", { user })).state, "resting");
    fixture.helper.modes("");
    // Two new ones: those two have to rest until c has ended, too.
    for (const { uid } of [await make(), await make()]) assert.ok(uid !== a.uid && uid !== b.uid);
    await client.request("deleteUser", { user: c.user });
    assert.ok([a.uid, b.uid].includes((await make()).uid));
    await rejectsWith(make(), "no-free-user");
  });
});
