import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { genericWorkerProtocol } from "../../agent/interactive/generic-worker-protocol.ts";
import type { ShellProtocol } from "../../agent/interactive/protocol.ts";
import { ShellSession } from "../../agent/interactive/session.ts";
import { taskclusterWorkerProtocol } from "../../agent/interactive/taskcluster-worker-protocol.ts";
import { FakeShell } from "./fake-shell.ts";
import { until } from "./until.ts";

const MiB = 1024 * 1024;
const patient = { ping: 60_000, silence: 60_000, farewell: 60_000 };

interface Session {
  readonly client: WebSocket;
  readonly shell: FakeShell;
  /** The end of `run`. */
  readonly how: Promise<string>;
  readonly server: WebSocket;
  /** All messages to the client. */
  readonly heard: Buffer[];
}

async function session(
  t: TestContext,
  protocol: ShellProtocol,
  times = patient,
  open?: () => Promise<never>,
): Promise<Session> {
  const http = createServer().listen(0, "127.0.0.1");
  const sockets = new WebSocketServer({ server: http, autoPong: false, maxPayload: MiB });
  await once(http, "listening");
  const address = http.address();
  assert(typeof address === "object" && address);
  const client = new WebSocket(`ws://127.0.0.1:${address.port}`);
  const heard: Buffer[] = [];
  client.on("message", (data: Buffer) => heard.push(data)).on("error", () => undefined);
  const shell = new FakeShell();
  const [[server]] = await Promise.all([once(sockets, "connection"), once(client, "open")]);
  assert(server instanceof WebSocket);
  const how = new ShellSession(server, protocol, times).run(open ?? (async () => shell));
  t.after(async () => {
    client.terminate();
    server.terminate();
    await how;
    sockets.close();
    http.close();
  });
  return { client, shell, how, server, heard };
}

const closed = async (client: WebSocket): Promise<[number, string]> => {
  const [code, reason] = await once(client, "close");
  return [code, String(reason)];
};

test("input, sizes and output go their ways, and the end is the reason of the close", async (t) => {
  const { client, shell, how, heard } = await session(t, genericWorkerProtocol);
  client.send(Buffer.from("\x01echo hi\n"));
  client.send(Buffer.from([2, 43, 0, 132, 0]));
  await until("the input", () => shell.sizes.length > 0);
  assert.deepEqual([shell.taken.toString(), shell.sizes], ["echo hi\n", [{ rows: 43, columns: 132 }]]);
  shell.say("hi\n");
  shell.exit(7);
  assert.deepEqual(await closed(client), [1000, "exit 7"]);
  assert.equal(Buffer.concat(heard).toString(), "hi\n");
  assert.equal(await how, "exit 7");
});

test("the end of a client is the end of its shell", async (t) => {
  const { client, shell, how } = await session(t, genericWorkerProtocol);
  client.close();
  assert.equal(await how, "ended by the worker");
  assert(shell.kills > 0);
});

test("a shell that reads nothing stops its client, and little is kept", async (t) => {
  const { client, shell, server } = await session(t, genericWorkerProtocol);
  shell.reads = false;
  const message = Buffer.alloc(64 * 1024, 1);
  let sent = 0;
  const flood = () => {
    while (client.bufferedAmount < MiB && sent < 64 * MiB) {
      client.send(message);
      sent += message.length;
    }
  };
  flood();
  await until("the pause", () => server.isPaused);
  const timer = setInterval(flood, 5);
  await until("the client is held up", () => client.bufferedAmount >= MiB);
  clearInterval(timer);
  assert(shell.input.writableLength <= 2 * MiB, `${shell.input.writableLength} bytes are kept`);
  assert(sent < 32 * MiB, `${sent} bytes were taken from the client`);
});

for (const [name, protocol] of Object.entries({ genericWorkerProtocol, taskclusterWorkerProtocol })) {
  test(`a client that reads nothing stops its shell, and little is kept (${name})`, async (t) => {
    const { client, shell, server } = await session(t, protocol);
    client.pause();
    for (let n = 0; n < 64; n += 1) shell.say(Buffer.alloc(MiB, "y"));
    let before = -1;
    await until("the shell is held up", () => {
      const held = shell.given === before;
      before = shell.given;
      return held && before > 0;
    });
    assert(shell.given < 48 * MiB, `${shell.given} bytes were taken from the shell`);
    assert(server.bufferedAmount <= MiB + 1024, `${server.bufferedAmount} bytes are kept`);
  });
}

test("output that the client has not used is at most 64 KiB, and more comes when it has", async (t) => {
  const { client, shell, heard } = await session(t, taskclusterWorkerProtocol);
  const output = () => heard.filter(([type, stream]) => type === 0 && stream === 1);
  const bytes = () => output().reduce((sum, message) => sum + message.length - 2, 0);
  shell.say(Buffer.alloc(200_000, "y"));
  await until("a window of output", () => bytes() === 65_536);
  assert(output().every(({ length }) => length <= 16 * 1024 + 2));
  const used = Buffer.from([1, 1, 0, 0, 0x40, 0]);
  client.send(used);
  await until("one message more", () => bytes() === 65_536 + 16_384);
});

test("input is acknowledged when it was taken", async (t) => {
  const { client, heard } = await session(t, taskclusterWorkerProtocol);
  client.send(Buffer.from("\0\0abc"));
  await until("an acknowledgement", () => heard.length > 0);
  assert.deepEqual(heard, [Buffer.from([1, 0, 0, 0, 0, 3])]);
});

test("the end of the input is the shell's to see, and success is an exit of 0", async (t) => {
  const { client, shell, heard } = await session(t, taskclusterWorkerProtocol);
  client.send(Buffer.from([0, 0]));
  await once(shell.input, "finish");
  shell.exit(0);
  assert.deepEqual(await closed(client), [1000, "exit 0"]);
  assert.deepEqual(heard, [Buffer.from([0, 1]), Buffer.from([0, 2]), Buffer.from([5, 0])]);
});

test("an abort ends the shell though its output waits for the client", async (t) => {
  const { client, shell, how } = await session(t, taskclusterWorkerProtocol);
  shell.say(Buffer.alloc(200_000, "y"));
  client.send(Buffer.from([4]));
  assert.equal(await how, "ended by the worker");
  assert(shell.kills > 0);
});

test("a shell that was ended does not wait for a client that reads nothing, but talks", {
  timeout: 30_000,
}, async (t) => {
  const withoutWindow = { ...taskclusterWorkerProtocol, window: null };
  const { client, shell, how, server } = await session(t, withoutWindow, { ...patient, farewell: 100 });
  client.pause();
  for (let n = 0; n < 64; n += 1) shell.say(Buffer.alloc(MiB, "y"));
  await until("output that waits", () => server.bufferedAmount > 0);
  client.send(Buffer.from([4]));
  assert.equal(await how, "ended by the worker");
});

test("pings are answered, but answers do not pile up for a client that does not read", async (t) => {
  const { client, server } = await session(t, genericWorkerProtocol);
  client.ping();
  await once(client, "pong");
  client.pause();
  // The answers fill what the system keeps for the client first.
  const timer = setInterval(() => {
    for (let n = 0; n < 2_000 && client.bufferedAmount < MiB; n += 1) client.ping(Buffer.alloc(125));
  }, 5);
  await until("answers that wait", () => server.bufferedAmount > 8 * 1024);
  for (let n = 0; n < 20_000; n += 1) client.ping(Buffer.alloc(125));
  await until("the pings are out", () => client.bufferedAmount === 0);
  clearInterval(timer);
  assert(server.bufferedAmount < 32 * 1024, `${server.bufferedAmount} bytes are kept`);
});

test("a client without a sign of life is left, and its shell ended", async (t) => {
  const { client, shell, how } = await session(t, genericWorkerProtocol, { ...patient, ping: 20, silence: 100 });
  client.pause();
  assert.equal(await how, "ended by the worker");
  assert(shell.kills > 0);
});

test("a client that answers pings stays, however long it says nothing", async (t) => {
  const { client, shell } = await session(t, genericWorkerProtocol, { ...patient, ping: 20, silence: 200 });
  let pings = 0;
  client.on("ping", () => {
    pings += 1;
  });
  await until("many pings", () => pings > 20);
  assert.equal(shell.kills, 0);
});

test("a shell that cannot be opened is told to the client with the reason", async (t) => {
  const { client, how } = await session(t, genericWorkerProtocol, patient, async () => {
    throw new Error("no terminal");
  });
  assert.deepEqual(await closed(client), [1011, "it could not be opened: no terminal"]);
  assert.equal(await how, "it could not be opened: no terminal");
});
