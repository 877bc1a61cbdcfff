import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { attachInput, OutputStream } from "../../agent/engine/data-connection.ts";
import { ATTACHED } from "../../shared/protocol/limits.ts";
import type { Ticket } from "../../shared/protocol/messages.ts";
import { type Asked, connectScripted, id } from "./scripted-helper.ts";

const ticket = id("1") as Ticket; // checked: 32 hex digits
const attachAnd =
  (then: (asked: Asked) => void) =>
  (asked: Asked): void => {
    asked.socket.write(Buffer.of(ATTACHED));
    then(asked);
  };

test("an output is attached with its ticket and read to its end", async (t) => {
  const tickets: unknown[] = [];
  const peer = Promise.withResolvers<Socket>();
  const { client } = await connectScripted(t, {
    attach: attachAnd(({ socket, data }) => {
      tickets.push({ ...data });
      peer.resolve(socket);
    }),
  });
  const stream = await OutputStream.attach(client.socketPath, ticket);
  (await peer.promise).end("hello");
  assert.equal(await text(stream), "hello");
  assert.deepEqual(tickets, [{ ticket }]);
});

test("an output whose ticket is refused is an error", async (t) => {
  const { client } = await connectScripted(t, {
    attach: ({ say }) => say("fatal", { code: "unknown-id", message: "a ticket that nobody was given" }),
  });
  await assert.rejects(OutputStream.attach(client.socketPath, ticket), { code: "helper-lost" });
  await assert.rejects(attachInput(client.socketPath, ticket), { code: "helper-lost" });
});

test("a data connection that is closed instead of acknowledged is an error at once", { timeout: 10_000 }, async (t) => {
  const { client } = await connectScripted(t, { attach: ({ socket }) => socket.destroy() });
  await assert.rejects(OutputStream.attach(client.socketPath, ticket), { code: "helper-lost" });
  await assert.rejects(attachInput(client.socketPath, ticket), { code: "helper-lost" });
});

test("a helper that does not listen is an error", async () => {
  await assert.rejects(OutputStream.attach("/nonexistent/helper.sock", ticket), /ENOENT/);
});

test("chunks that are kept are not written over by later ones", async (t) => {
  const peer = Promise.withResolvers<Socket>();
  const { client } = await connectScripted(t, { attach: attachAnd(({ socket }) => peer.resolve(socket)) });
  const stream = await OutputStream.attach(client.socketPath, ticket);
  (await peer.promise).end(Buffer.concat([Buffer.alloc(250_000, "a"), Buffer.alloc(250_000, "b")]));
  const first: Buffer[] = [];
  for await (const chunk of stream) first.push(chunk);
  assert.ok(Buffer.concat(first).equals(Buffer.concat([Buffer.alloc(250_000, "a"), Buffer.alloc(250_000, "b")])));
});

test("a chunk that was given back is read into again, and nothing is lost or mixed up", async (t) => {
  const peer = Promise.withResolvers<Socket>();
  const { client } = await connectScripted(t, { attach: attachAnd(({ socket }) => peer.resolve(socket)) });
  const stream = await OutputStream.attach(client.socketPath, ticket);
  const sent = Buffer.from(Uint32Array.from({ length: 500_000 }, (_, index) => index).buffer);
  (await peer.promise).end(sent);
  const memory = new Set<ArrayBufferLike>();
  const copies: Buffer[] = [];
  for await (const chunk of stream) {
    if (chunk.length >= 8192) memory.add(chunk.buffer);
    copies.push(Buffer.from(chunk));
    stream.recycle(chunk);
  }
  assert.ok(Buffer.concat(copies).equals(sent));
  assert.ok(memory.size <= 4, `${memory.size} buffers were used`);
});

test("a chunk that is kept stays as it is when one before it in the same memory was given back", async (t) => {
  const peer = Promise.withResolvers<Socket>();
  const { client } = await connectScripted(t, { attach: attachAnd(({ socket }) => peer.resolve(socket)) });
  const stream = await OutputStream.attach(client.socketPath, ticket);
  const socket = await peer.promise;
  const chunks = stream[Symbol.asyncIterator]();
  const first = chunks.next();
  socket.write(Buffer.alloc(20_000));
  stream.recycle((await first).value);
  const sent = Buffer.from(Uint32Array.from({ length: 250_000 }, (_, index) => index).buffer);
  socket.end(sent);
  const kept: Buffer[] = [];
  for await (const chunk of chunks) kept.push(chunk);
  assert.ok(Buffer.concat(kept).equals(sent));
});

test("what comes while its reader is busy is one chunk", { timeout: 30_000 }, async (t) => {
  const peer = Promise.withResolvers<Socket>();
  const { client } = await connectScripted(t, { attach: attachAnd(({ socket }) => peer.resolve(socket)) });
  const stream = await OutputStream.attach(client.socketPath, ticket);
  const socket = await peer.promise;
  const chunks = stream[Symbol.asyncIterator]();
  const first = chunks.next();
  socket.write("first");
  assert.equal(String((await first).value), "first");
  const letters = "abcdefghijklmnopqrst";
  for (const letter of letters) await new Promise((written) => socket.write(Buffer.alloc(10_000, letter), written));
  socket.end();
  await once(socket, "finish");
  const rest: Buffer[] = [];
  for await (const chunk of chunks) rest.push(chunk);
  assert.ok(rest.length <= 2, `${rest.length} chunks`);
  assert.equal(
    Buffer.concat(rest).toString(),
    letters.replace(/./g, (letter) => letter.repeat(10_000)),
  );
});

test("an output that nobody reads makes its process wait, and is whole when it is read late", async (t) => {
  const peer = Promise.withResolvers<Socket>();
  const { client } = await connectScripted(t, { attach: attachAnd(({ socket }) => peer.resolve(socket)) });
  const stream = await OutputStream.attach(client.socketPath, ticket);
  const socket = await peer.promise;
  const sent = Buffer.from(Uint32Array.from({ length: 2_000_000 }, (_, index) => index).buffer);
  let accepted = 0;
  for (let at = 0; at < sent.length; at += 80_000) {
    socket.write(sent.subarray(at, at + 80_000), () => {
      accepted += 80_000;
    });
  }
  socket.end();
  assert.equal(stream.read(), null);
  for (let [quiet, before] = [0, 0]; quiet < 100; quiet = accepted === before ? quiet + 1 : 0) {
    before = accepted;
    await new Promise(setImmediate);
  }
  assert.ok(accepted < 2_000_000, `${accepted} bytes were taken`);
  const copies: Buffer[] = [];
  for await (const chunk of stream) {
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    copies.push(Buffer.from(chunk));
    stream.recycle(chunk);
  }
  assert.ok(Buffer.concat(copies).equals(sent));
});

test("an input gives its reader what is written after it was attached", async (t) => {
  const got = Promise.withResolvers<string>();
  const { client } = await connectScripted(t, {
    attach: attachAnd(({ socket }) => {
      socket.removeAllListeners("data");
      text(socket).then(got.resolve, got.reject);
    }),
  });
  const input = await attachInput(client.socketPath, ticket);
  input.end("payload");
  assert.equal(await got.promise, "payload");
  input.destroy();
});
