import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { EngineError } from "../../agent/engine/engine.ts";
import { HelperRefusedError } from "../../agent/engine/helper-client.ts";
import { encodeFrame } from "../../shared/protocol/frames.ts";
import { limits, PROTOCOL } from "../../shared/protocol/limits.ts";
import type { UserId } from "../../shared/protocol/messages.ts";
import { connectScripted, helloResult, id, type Script } from "./scripted-helper.ts";

const user = id("a") as UserId; // checked: 32 hex digits
const exited = { process: id("b"), code: 0, signal: null, userMs: 1, systemMs: 2 };
const lost = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof EngineError);
  assert.equal(error.code, "helper-lost");
  assert.match(error.message, message);
  return true;
};

describe("requests and answers", () => {
  test("hello is answered", async (t) => {
    const { client } = await connectScripted(t, { hello: ({ answer }) => answer(helloResult) });
    assert.deepEqual(await client.request("hello", { protocol: PROTOCOL }), helloResult);
  });

  test("answers in another order find their requests", async (t) => {
    const waiting: (() => void)[] = [];
    const script: Script = {
      killUser: ({ answer }) => waiting.push(() => answer({ killed: 7 })),
      ticket: ({ answer }) => {
        answer({ ticket: id("1") });
        for (const answerLater of waiting) answerLater();
      },
    };
    const { client } = await connectScripted(t, script);
    const [killed, ticket] = await Promise.all([client.request("killUser", { user }), client.request("ticket", {})]);
    assert.deepEqual([killed, ticket], [{ killed: 7 }, { ticket: id("1") }]);
  });

  test("a refusal is an error with its code, and the client goes on", async (t) => {
    const { client } = await connectScripted(t, {
      createUser: ({ refuse }) => refuse("spawn-failed", "the system says no"),
      ticket: ({ answer }) => answer({ ticket: id("1") }),
    });
    await assert.rejects(client.request("createUser", {}), (error) => {
      assert.ok(error instanceof HelperRefusedError);
      assert.deepEqual(
        [error.code, error.refusal, error.message],
        ["helper-refused", "spawn-failed", "the system says no"],
      );
      return true;
    });
    await client.request("ticket", {});
    assert.equal(client.lost.aborted, false);
  });

  test("a refusal for want of a uid is no-free-user", async (t) => {
    const { client } = await connectScripted(t, { createUser: ({ refuse }) => refuse("no-free-user") });
    await assert.rejects(client.request("createUser", {}), { code: "no-free-user" });
  });

  test("a message that arrives in single bytes is one message", async (t) => {
    const { client } = await connectScripted(t, {
      ticket: ({ data, socket }) => {
        const answer = { id: data.id, request: "ticket", result: { ticket: id("1") } };
        socket.setNoDelay(true);
        for (const byte of Buffer.from(encodeFrame({ type: "answer", data: answer }))) socket.write(Buffer.of(byte));
      },
    });
    assert.deepEqual(await client.request("ticket", {}), { ticket: id("1") });
  });
});

describe("the end of a process", () => {
  const spawn = { user, argv: ["true"], env: {} };

  test("comes after the answer to its spawn", async (t) => {
    const { client } = await connectScripted(t, {
      spawn: ({ answer, say }) => {
        answer({ process: id("b"), pid: 5 });
        say("exited", exited);
      },
    });
    const started = await client.spawn(spawn);
    assert.equal(started.pid, 5);
    assert.deepEqual(await started.exited, exited);
  });

  test("is held when it comes before the answer", async (t) => {
    const { client } = await connectScripted(t, {
      spawn: ({ answer, say }) => {
        say("exited", exited);
        answer({ process: id("b"), pid: 5 });
      },
    });
    assert.deepEqual(await (await client.spawn(spawn)).exited, exited);
  });

  test("of a process that nobody started loses the client", async (t) => {
    const { client } = await connectScripted(t, { ticket: ({ say }) => say("exited", exited) });
    await assert.rejects(client.request("ticket", {}), lost(/end of an unknown process/));
  });

  test("of more processes than are being started loses the client", async (t) => {
    const { client } = await connectScripted(t, {
      spawn: ({ say }) => {
        say("exited", exited);
        say("exited", { ...exited, process: id("c") });
      },
    });
    await assert.rejects(client.spawn(spawn), lost(/end of an unknown process/));
  });

  test("rejects when the helper goes away first", async (t) => {
    const { client } = await connectScripted(t, {
      spawn: ({ answer, socket }) => {
        answer({ process: id("b"), pid: 5 });
        socket.end();
      },
    });
    const started = await client.spawn(spawn);
    await assert.rejects(started.exited, lost(/closed the connection/));
  });
});

describe("a lost client", () => {
  const cases: Record<string, [Script, RegExp]> = {
    "a fatal": [
      { ticket: ({ say }) => say("fatal", { code: "not-now", message: "ticket at this point" }) },
      /ended the connection: ticket at this point \(not-now\)/,
    ],
    "an end of the connection": [{ ticket: ({ socket }) => socket.destroy() }, /connection/],
    "bytes that are no message": [{ ticket: ({ socket }) => socket.write("hello\f") }, /not valid JSON/],
    "an unknown type": [{ ticket: ({ say }) => say("surprise", {}) }, /does not know/],
    "the type of a client event": [{ ticket: ({ say }) => say("disconnect", {}) }, /reserved/],
    "an answer with a field too many": [
      { ticket: ({ answer }) => answer({ ticket: id("1"), uid: 0 }) },
      /does not know/,
    ],
    "an answer of another kind": [
      { ticket: ({ data, say }) => say("answer", { id: data.id, request: "killUser", result: { killed: 1 } }) },
      /nobody made/,
    ],
    "an answer to an unknown request": [
      { ticket: ({ say }) => say("answer", { id: 99, request: "ticket", result: { ticket: id("1") } }) },
      /nobody made/,
    ],
    "a second answer": [
      {
        ticket: ({ answer }) => {
          answer({ ticket: id("1") });
          answer({ ticket: id("1") });
        },
      },
      /nobody made/,
    ],
    "a frame that is too large": [
      { ticket: ({ socket }) => socket.write("x".repeat(limits.frameBytes + 1)) },
      /maxMessageSize/,
    ],
  };
  for (const [what, [script, message]] of Object.entries(cases)) {
    test(`${what} ends it, with a reason for everybody`, async (t) => {
      const { client } = await connectScripted(t, script);
      const waiting = client.request("killUser", { user });
      waiting.catch(() => undefined);
      await Promise.allSettled([client.request("ticket", {})]);
      await assert.rejects(waiting, lost(message));
      assert.ok(client.lost.aborted);
      assert.ok(lost(message)(client.lost.reason));
      await assert.rejects(client.request("ticket", {}), lost(message));
    });
  }

  test("a request that is not answered in time ends it", async (t) => {
    const { client } = await connectScripted(t, {}, { ticket: 30 });
    await assert.rejects(client.request("ticket", {}), lost(/did not answer 'ticket' within 0\.03 s/));
    assert.ok(client.lost.aborted);
  });

  test("it does not connect again", async (t) => {
    const { client, sockets } = await connectScripted(t, { ticket: ({ socket }) => socket.end() });
    await assert.rejects(client.request("ticket", {}));
    await assert.rejects(client.request("ticket", {}));
    assert.equal(sockets.length, 1);
  });

  test("one that is closed on purpose rejects its requests, but is not lost", async (t) => {
    const { client, sockets } = await connectScripted(t, { ticket: () => client.close() });
    await assert.rejects(client.request("ticket", {}), lost(/agent has closed/));
    assert.equal(client.lost.aborted, false);
    const [socket] = sockets;
    assert.ok(socket);
    if (!socket.closed) await once(socket, "close");
  });
});
