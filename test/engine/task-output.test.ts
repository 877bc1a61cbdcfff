import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough, Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { copyOutput, type DrainTimes } from "../../agent/engine/task-output.ts";
import type { Exited, ProcessId } from "../../shared/protocol/messages.ts";
import { id } from "./scripted-helper.ts";

const process = id("a") as ProcessId; // checked: 32 hex digits
const exited: Exited = { process, code: 0, signal: null, userMs: 0, systemMs: 0 };
const times: DrainTimes = { quiet: 50, total: 200, quietAfterKill: 50 };
const never = (): Promise<number> => Promise.reject(new Error("killed without need"));

test("a stream that ends with the command is copied, and nobody is killed", async () => {
  const sink = new PassThrough();
  const copied = await copyOutput({
    source: Readable.from([Buffer.from("a"), Buffer.from("b")]),
    sink,
    exited: Promise.resolve(exited),
    kill: never,
  });
  sink.end();
  assert.deepEqual([copied, await text(sink)], [{ exited, killed: 0 }, "ab"]);
});

test("a command that closes its output early is waited for", async () => {
  const end = Promise.withResolvers<Exited>();
  const sink = new PassThrough();
  const copying = copyOutput({ source: Readable.from([Buffer.from("a")]), sink, exited: end.promise, kill: never });
  await once(sink, "readable");
  end.resolve(exited);
  assert.equal((await copying).exited, exited);
});

test("what a command wrote arrives whole in a sink that is slower than all the time limits", async () => {
  const got: string[] = [];
  const sink = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      got.push(chunk.toString());
      setTimeout(done, 120);
    },
  });
  const source = new PassThrough({ highWaterMark: 1 });
  const letters = [..."abcdef"];
  const copying = copyOutput({ source, sink, exited: Promise.resolve(exited), kill: never, times });
  for (const letter of letters) if (!source.write(letter)) await once(source, "drain");
  source.end();
  await copying;
  assert.deepEqual(got.join(""), letters.join(""));
});

test("a quiet stream that stays open is read to its end after the kill", async () => {
  const source = new PassThrough();
  const sink = new PassThrough();
  source.write("a");
  const kill = (): Promise<number> => {
    source.end("b");
    return Promise.resolve(3);
  };
  const { killed } = await copyOutput({ source, sink, exited: Promise.resolve(exited), kill, times });
  sink.end();
  assert.deepEqual([killed, await text(sink)], [3, "ab"]);
});

test("a stream that never falls silent is cut off by the kill", async () => {
  const source = new PassThrough();
  const timer = setInterval(() => source.write("more"), 5);
  const kill = (): Promise<number> => {
    clearInterval(timer);
    source.end();
    return Promise.resolve(1);
  };
  const sink = new PassThrough().resume();
  assert.equal((await copyOutput({ source, sink, exited: Promise.resolve(exited), kill, times })).killed, 1);
});

test("a stream that floods without a pause is cut off by the kill", async () => {
  const flood = { on: true };
  const source = new Readable({
    read() {
      this.push(flood.on ? Buffer.alloc(1024) : null);
    },
  });
  const sink = new PassThrough().resume();
  const kill = (): Promise<number> => {
    flood.on = false;
    return Promise.resolve(1);
  };
  assert.equal((await copyOutput({ source, sink, exited: Promise.resolve(exited), kill, times })).killed, 1);
});

test("a stream that a process of somebody else holds open is left after the kill", async () => {
  const source = new PassThrough();
  const sink = new PassThrough();
  const kill = (): Promise<number> => Promise.resolve(0);
  await copyOutput({ source, sink, exited: Promise.resolve(exited), kill, times });
  assert.ok(source.destroyed);
  assert.equal(sink.writable, true);
});

test("a helper that is lost ends the copy with its error", async () => {
  const failed = Promise.reject(new Error("helper lost"));
  const source = new PassThrough();
  await assert.rejects(copyOutput({ source, sink: new PassThrough(), exited: failed, kill: never }), /helper lost/);
});

test("a sink that was closed before ends the copy with an error", async () => {
  const sink = new PassThrough();
  sink.destroy();
  const source = Readable.from([Buffer.from("a")]);
  const copying = copyOutput({ source, sink, exited: Promise.resolve(exited), kill: never });
  await assert.rejects(copying, /closed before the command had ended/);
});

/** A source of two chunks that notes what comes back. */
function recycling(): { source: Readable & { recycle(chunk: Buffer): void }; back: string[] } {
  const back: string[] = [];
  const recycle = (chunk: Buffer): void => void back.push(chunk.toString());
  return { source: Object.assign(Readable.from([Buffer.from("a"), Buffer.from("b")]), { recycle }), back };
}

test("a chunk is given back when the sink is done with it, not before", async () => {
  const { source, back } = recycling();
  const waiting: (() => void)[] = [];
  const sink = new Writable({ write: (_chunk, _encoding, callback) => void waiting.push(callback) });
  await copyOutput({ source, sink, exited: Promise.resolve(exited), kill: never });
  assert.deepEqual(back, []);
  const ended = once(sink.end(), "finish");
  waiting.shift()?.();
  while (waiting.length === 0) await new Promise(setImmediate);
  assert.deepEqual(back, ["a"]);
  waiting.shift()?.();
  await ended;
  assert.deepEqual(back, ["a", "b"]);
});

test("a sink that passes chunks on keeps them", async () => {
  const { source, back } = recycling();
  const sink = new PassThrough();
  await copyOutput({ source, sink, exited: Promise.resolve(exited), kill: never });
  sink.end();
  assert.deepEqual([await text(sink), back], ["ab", []]);
});
