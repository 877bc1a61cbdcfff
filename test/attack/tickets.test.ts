/** A ticket is all that a data connection needs: guessed, replayed, shared, used with other bytes behind it. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, suite, test } from "node:test";
import { ATTACHED } from "../../shared/protocol/limits.ts";
import type { Answers } from "../../shared/protocol/messages.ts";
import { attachWith, Client, path, rejectsWith } from "../helper/client.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { within } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";

suite("A ticket", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let client: Client;
  let user: Answers["createUser"];
  before(async () => {
    helper = await startRealHelper();
    client = await Client.hello(helper.socketPath);
    user = await client.request("createUser", {});
  });
  after(async () => {
    await client?.close();
    await helper?.stop();
  });
  const echo = (text: string) => ({ user: user.user, argv: ["/bin/echo", text], env: { PATH: path } });

  test("that is guessed is not taken, and the ones that wait are not harmed", async () => {
    const waiting = await client.attach();
    const near = [1, -1].map((step) => (BigInt(`0x${waiting.ticket}`) + BigInt(step)).toString(16).padStart(32, "0"));
    const guesses = [
      ...near,
      "0".repeat(32),
      "f".repeat(32),
      ...Array.from({ length: 30 }, () => randomBytes(16).toString("hex")),
    ];
    for (const guess of guesses) await rejectsWith(attachWith(helper.socketPath, guess), "unknown-id");
    for (const odd of ["", waiting.ticket.toUpperCase(), `${waiting.ticket} `, waiting.ticket.slice(1), "*"]) {
      await assert.rejects(attachWith(helper.socketPath, odd), odd);
    }
    const { process } = await client.request("spawn", { ...echo("mine"), output: waiting.ticket });
    await client.exited(process);
    assert.equal((await waiting.all).toString(), "mine\n");
  });

  test("of one stream cannot carry both, and what was asked with it does not run", async () => {
    const { ticket, all } = await client.attach();
    const both = { ...echo("both"), stdin: ticket, output: ticket };
    await rejectsWith(client.request("spawn", both), "ticket-expired");
    assert.equal((await within(all, "the end of a connection that was named twice")).length, 0);
  });

  test("serves the first of two spawns that name it", async () => {
    const { ticket, all } = await client.attach();
    const ids = ["first", "second"].map((text) => client.ask("spawn", { ...echo(text), output: ticket }));
    const { process } = await client.reply("spawn", ids[0] ?? 0);
    await rejectsWith(client.reply("spawn", ids[1] ?? 0), "ticket-expired");
    await client.exited(process);
    assert.equal((await all).toString(), "first\n");
  });

  test("shown by two connections at once lets one in", async () => {
    const { ticket } = await client.request("ticket", {});
    const shown = await Promise.allSettled([1, 2, 3].map(() => attachWith(helper.socketPath, ticket)));
    const [data, ...more] = shown.filter((result) => result.status === "fulfilled").map(({ value }) => value);
    assert.equal(more.length, 0);
    const { process } = await client.request("spawn", { ...echo("one"), output: ticket });
    await client.exited(process);
    assert.equal((await data?.all)?.toString(), "one\n");
  });

  test("with requests behind it in the same bytes carries none of them out", async () => {
    const { ticket } = await client.request("ticket", {});
    const { length } = helper.audit();
    const socket = connect(helper.socketPath);
    const frames = [
      ["attach", { ticket }],
      ["hello", { id: 1, protocol: 1 }],
      ["deleteUser", { id: 2, user: user.user }],
      ["attach", { ticket }],
    ] as const;
    socket.write(frames.map(([type, data]) => `${JSON.stringify({ type, data })}\f`).join(""));
    const [first]: Buffer[] = await within(once(socket, "data"), "the acknowledgement");
    assert.deepEqual([...(first ?? [])], [ATTACHED]);
    socket.write(`${JSON.stringify({ type: "killUser", data: { id: 3, user: user.user } })}\f`);
    const output = await client.attach();
    const command = { user: user.user, argv: ["/bin/sh", "-c", "head -c 20"], env: { PATH: path } };
    const { process } = await client.request("spawn", { ...command, stdin: ticket, output: output.ticket });
    socket.end();
    await client.exited(process);
    assert.ok('{"type":"killUser","data"'.startsWith((await output.all).toString()), "the command got the bytes");
    const did = helper
      .audit()
      .slice(length)
      .map(({ action }) => action);
    assert.deepEqual(did, ["spawn", "spawned", "exited"]);
  });

  test("shown on the control connection ends that connection", async () => {
    const { ticket } = await client.request("ticket", {});
    client.frame("attach", { ticket });
    assert.equal((await within(client.ended, "the end"))?.code, "message-invalid");
    await helper.idle();
    client = await Client.hello(helper.socketPath);
    user = await client.request("createUser", {});
  });
});
