import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { limits } from "../../shared/protocol/limits.ts";
import { needsRoot } from "../root.ts";
import { attachWith, path, RefusedError, rejectsWith } from "./client.ts";
import { useHelper } from "./fixture.ts";
import { within } from "./wait.ts";

suite("A ticket", { skip: needsRoot }, () => {
  const fixture = useHelper();

  test("is 128 random bits, never the same twice", async (t) => {
    const client = await fixture.client(t);
    const tickets = new Set<string>();
    for (let count = 0; count < 10; count += 1) tickets.add((await client.request("ticket", {})).ticket);
    assert.equal(tickets.size, 10);
    for (const ticket of tickets) assert.match(ticket, /^[0-9a-f]{32}$/);
  });

  test("that nobody was given is not taken", async (t) => {
    await fixture.client(t);
    await rejectsWith(attachWith(fixture.helper.socketPath, "0123456789abcdef".repeat(2)), "unknown-id");
  });

  test("that is malformed is not taken", async (t) => {
    await fixture.client(t);
    await rejectsWith(attachWith(fixture.helper.socketPath, "../../etc"), "unknown-id");
  });

  test("is taken once", async (t) => {
    const client = await fixture.client(t);
    const { ticket } = await client.attach();
    await rejectsWith(attachWith(fixture.helper.socketPath, ticket), "unknown-id");
  });

  test("is used up by the spawn that names it", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const { ticket } = await client.attach();
    const command = { user: user.user, argv: ["/bin/true"], env: {}, output: ticket };
    const { process } = await client.request("spawn", command);
    await client.exited(process);
    await rejectsWith(client.request("spawn", command), "ticket-expired");
  });

  test("cannot be stdin and output of one command", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const { ticket } = await client.attach();
    const command = { user: user.user, argv: ["/bin/true"], env: {}, stdin: ticket, output: ticket };
    await rejectsWith(client.request("spawn", command), "ticket-expired");
  });

  test("of an earlier control connection is not taken", async (t) => {
    const client = await fixture.client(t);
    const { ticket } = await client.request("ticket", {});
    await client.close();
    await fixture.client(t);
    await rejectsWith(attachWith(fixture.helper.socketPath, ticket), "unknown-id");
  });

  test("is over with its control connection, and the data connection that waits with it too", async (t) => {
    const client = await fixture.client(t);
    const { socket } = await client.attach();
    let isClosed = false;
    socket.on("close", () => {
      isClosed = true;
    });
    await client.close();
    await fixture.helper.idle();
    await fixture.client(t); // What the helper sent before this answer has arrived, too.
    assert.ok(isClosed);
  });

  test("is one of 32: more are refused until one is used", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const output = await client.attach();
    for (let count = 1; count < limits.waitingTickets; count += 1) await client.request("ticket", {});
    await rejectsWith(client.request("ticket", {}), "ticket-limit");
    const command = { user: user.user, argv: ["/bin/echo", "x"], env: { PATH: path }, output: output.ticket };
    const { process } = await client.request("spawn", command);
    await client.exited(process);
    assert.equal((await output.all).toString(), "x\n");
    assert.ok((await client.request("ticket", {})).ticket);
  });

  test("expires, and its connection with it", async (t) => {
    const client = await fixture.client(t);
    const { ticket } = await client.request("ticket", {});
    const attached = await client.attach();
    const begun = performance.now();
    assert.equal((await within(attached.all, "the end of a data connection that nobody spawns with")).length, 0);
    assert.ok(performance.now() - begun < limits.idleConnectionMs + 3000);
    await rejectsWith(attachWith(fixture.helper.socketPath, ticket), "unknown-id");
    assert.ok((await client.request("ticket", {})).ticket, "the control connection goes on");
  });

  test("whose connection ends right before, at or after the spawn ends no more than that", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const { ticket, socket } = await client.attach();
      if (attempt % 3 === 0) socket.destroy();
      const id = client.ask("spawn", { user: user.user, argv: ["/bin/true"], env: {}, output: ticket });
      if (attempt % 3 === 1) socket.destroy();
      if (attempt % 3 === 2) setImmediate(() => socket.destroy());
      const code = await client.reply("spawn", id).then(
        async ({ process }) => (await client.exited(process)).code,
        (error: unknown) => (error instanceof RefusedError ? error.code : String(error)),
      );
      assert.ok(code === 0 || code === "ticket-expired", `attempt ${attempt}: ${code}`);
    }
    assert.equal(fixture.helper.process.exitCode, null, "the helper goes on");
  });
});
