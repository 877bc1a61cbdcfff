import assert from "node:assert/strict";
import { test } from "node:test";
import { TaskAccount } from "../../agent/engine/task-account.ts";
import { ATTACHED } from "../../shared/protocol/limits.ts";
import type { UserId } from "../../shared/protocol/messages.ts";
import { connectScripted, id, type Script } from "./scripted-helper.ts";

const user = id("a") as UserId; // checked: 32 hex digits
const command = { argv: ["true"], env: {} };
const created = { user, name: "n", uid: 5000, home: "/nowhere" };

/** Gives tickets and attaches connections; `spawns` answers the spawns. */
function attaching(spawn: NonNullable<Script["spawn"]>): Script {
  let tickets = 0;
  return {
    ticket: ({ answer }) => {
      tickets += 1;
      answer({ ticket: id(String(tickets)) });
    },
    attach: ({ socket }) => socket.write(Buffer.of(ATTACHED)),
    spawn,
  };
}

test("a ticket that has expired is replaced by a new one", async (t) => {
  const outputs: unknown[] = [];
  const script = attaching(({ data, answer, refuse }) => {
    outputs.push(data["output"]);
    if (outputs.length === 1) refuse("ticket-expired");
    else answer({ process: id("b"), pid: 5 });
  });
  const { client } = await connectScripted(t, script);
  const process = await new TaskAccount(client, created).start(command);
  assert.deepEqual(outputs, [id("1"), id("2")]);
  process.output.destroy();
});

test("tickets that expire again and again are given up", async (t) => {
  let asked = 0;
  const script = attaching(({ refuse }) => {
    asked += 1;
    refuse("ticket-expired");
  });
  const { client } = await connectScripted(t, script);
  await assert.rejects(new TaskAccount(client, created).start(command), { refusal: "ticket-expired" });
  assert.equal(asked, 3);
});

test("a process that gets no output leaves no input open", async (t) => {
  let tickets = 0;
  const closed = Promise.withResolvers<void>();
  const { client } = await connectScripted(t, {
    ticket: ({ answer, refuse }) => {
      tickets += 1;
      if (tickets === 1) answer({ ticket: id("1") });
      else refuse("ticket-limit");
    },
    attach: ({ socket }) => {
      socket.once("close", () => closed.resolve());
      socket.write(Buffer.of(ATTACHED));
    },
  });
  await assert.rejects(new TaskAccount(client, created).startWithInput(command), { refusal: "ticket-limit" });
  await closed.promise;
});
