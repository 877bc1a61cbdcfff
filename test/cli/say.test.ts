import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { suite, test } from "node:test";
import { createSay, flush } from "../../agent/cli/say.ts";

function terminal(stream: PassThrough): PassThrough & { isTTY: boolean } {
  return Object.assign(stream, { isTTY: true });
}

function text(stream: PassThrough): string {
  const chunks: string[] = [];
  for (let chunk: unknown = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(String(chunk));
  return chunks.join("");
}

suite("our output", () => {
  test("puts steps and errors on stderr and what was asked for on stdout", async () => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const say = createSay(out, err, {});
    say.step("task 1: claimed");
    say.error("no");
    await say.out("asked\n");
    assert.equal(text(err), "task 1: claimed\ntaskcluster-worker: no\n");
    assert.equal(text(out), "asked\n");
  });

  test("has no colour and no hints where stderr is no terminal", () => {
    const err = new PassThrough();
    const say = createSay(new PassThrough(), err, {});
    say.hint("nobody sits here");
    say.error("plain");
    assert.equal(text(err), "taskcluster-worker: plain\n");
  });

  test("has colour and hints on a terminal", () => {
    const err = terminal(new PassThrough());
    const say = createSay(new PassThrough(), err, { TERM: "xterm" });
    say.hint("look");
    assert.match(text(err), /^\x1b\[90mlook\x1b\[39m\n$/);
  });

  test("has no colour on a terminal with NO_COLOR or TERM=dumb", () => {
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      const err = terminal(new PassThrough());
      createSay(new PassThrough(), err, env).step("plain");
      assert.equal(text(err), "plain\n");
    }
  });

  test("lets no control sequence from elsewhere reach the terminal on stderr", () => {
    const err = new PassThrough();
    createSay(new PassThrough(), err, {}).step("name \x1b]0;owned\x07\r\x9b2J end");
    assert.equal(text(err), "name \ufffd]0;owned\ufffd\ufffd\ufffd2J end\n");
  });

  test("waits for a slow reader of stdout", async () => {
    const out = new PassThrough({ highWaterMark: 4 });
    const say = createSay(out, new PassThrough(), {});
    let took = false;
    const writing = say.out("longer than four").then(() => {
      took = true;
    });
    await new Promise(setImmediate);
    assert.equal(took, false);
    out.resume();
    await writing;
    assert.equal(took, true);
  });

  test("goes on in silence when the reader of stdout has gone away", async () => {
    const out = new PassThrough({ highWaterMark: 4 });
    const say = createSay(out, new PassThrough(), {});
    const writing = say.out("longer than four");
    out.destroy(new Error("EPIPE"));
    await writing;
    await say.out("more");
    await flush(out);
  });
});
