import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { describe, test } from "node:test";
import { EngineError } from "../../agent/engine/engine.ts";
import { needsRoot } from "../root.ts";
import {
  collector,
  newBuilder,
  newSandbox,
  runLines,
  textOf,
  useBuilder,
  useRealEngine,
  useSandbox,
} from "./real-engine.ts";

const real = useRealEngine();
const options = { skip: needsRoot, timeout: 120_000 };

describe("a command", options, () => {
  const shared = useSandbox(real);

  test("runs as the task user, in its home, with no group but its own", async () => {
    const sandbox = shared();
    const { uid, home } = sandbox.user;
    const { code, text } = await runLines(sandbox, 'id -u; id -g; id -G; pwd; echo "$HOME"');
    assert.deepEqual([code, text], [0, `${uid}\n${uid}\n${uid}\n${home}\n${home}\n`]);
  });

  test("has a private tmp in its home", async () => {
    const sandbox = shared();
    const { text } = await runLines(sandbox, "stat -c '%a %u' tmp");
    assert.equal(text, `700 ${sandbox.user.uid}\n`);
  });

  test("gets exactly the environment that was built", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    builder.setEnvironmentVariable("QUOTES", `'"$(id) \\ \n é\x01`);
    builder.setEnvironmentVariable("EMPTY", "");
    const { output, bytes } = collector();
    await builder.startSandbox().run(["/usr/bin/env", "-0"], output);
    const names = (await bytes())
      .toString()
      .split("\0")
      .filter((line) => !/^(PATH|HOME|PWD|_)=/.test(line));
    assert.deepEqual(names.sort(), ["", "EMPTY=", `QUOTES='"$(id) \\ \n é\x01`]);
  });

  test("its bytes arrive as they are: no final line feed, no UTF-8, zeros", async () => {
    const sandbox = shared();
    const { bytes } = await runLines(sandbox, "printf 'a\\xff\\xfe\\0b\\r'");
    assert.deepEqual(bytes, Buffer.from("a\xff\xfe\0b\r", "latin1"));
  });

  test("stdout and stderr arrive in the order they were written, also through /dev/stdout", async () => {
    const sandbox = shared();
    const { text } = await runLines(sandbox, "echo 1; echo 2 >&2; echo 3 >/dev/stdout; echo 4 >/dev/stderr; echo 5");
    assert.equal(text, "1\n2\n3\n4\n5\n");
  });

  test("its exit code, its signal and a program that is not there are told apart", async () => {
    const sandbox = shared();
    assert.equal((await runLines(sandbox, "exit 7")).code, 7);
    const { output, bytes } = collector();
    const { code, signal } = await sandbox.run(["no-such-program"], output);
    await bytes();
    assert.deepEqual([code, signal], [null, null]);
  });

  test("its times are measured", async () => {
    const sandbox = shared();
    const { userMs, wallMs } = await runLines(sandbox, "for ((i = 0; i < 200000; i++)); do :; done; sleep 0.2");
    assert.ok(userMs > 20 && wallMs >= userMs + 150, `user ${userMs} ms, wall ${wallMs} ms`);
  });

  test("kill 0 ends it and nothing of its output is lost", async () => {
    const sandbox = shared();
    const { text } = await runLines(sandbox, "seq 1 20000; kill 0; sleep 60");
    assert.equal(text.trimEnd().split("\n").at(-1), "20000");
  });

  test("wait in it does not wait for anything of ours", async () => {
    const sandbox = shared();
    assert.equal((await runLines(sandbox, "sleep 0.1 & wait; echo done")).text, "done\n");
  });

  test("has an empty stdin", async () => {
    const sandbox = shared();
    assert.equal((await runLines(sandbox, "wc -c")).text.trim(), "0");
  });

  test("output of 50 MB arrives whole into a slow sink", async () => {
    const sandbox = shared();
    const output = new PassThrough({ highWaterMark: 1024 });
    let bytes = 0;
    output.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      output.pause();
      setImmediate(() => output.resume());
    });
    const { code } = await sandbox.run(["head", "-c", "50000000", "/dev/zero"], output);
    output.end();
    await once(output, "end");
    assert.deepEqual([code, bytes], [0, 50_000_000]);
  });

  test("several commands of one sandbox see what the ones before have done", async () => {
    const sandbox = shared();
    await runLines(sandbox, "echo kept >file");
    assert.equal((await runLines(sandbox, "cat file")).text, "kept\n");
  });

  test("a sink that is closed ends the command with an error", async (t) => {
    const sandbox = await newSandbox(t, real.current().engine);
    const output = new PassThrough();
    output.on("error", () => undefined);
    output.once("data", () => output.destroy(new Error("disk full")));
    await assert.rejects(sandbox.run(["yes"], output), { message: "disk full" });
    assert.equal((await sandbox.finish()).leftover, 0);
  });

  test("argv and environment over the limits are refused without asking the helper", async (t) => {
    const { engine } = real.current();
    const sandbox = await newSandbox(t, engine);
    const { output } = collector();
    const rows: [string[], RegExp][] = [
      [["echo", "x".repeat(96 * 1024 + 1)], /^Argument 1 of the command has 98305 bytes/],
      [["echo", ..."abc".split("").map((letter) => letter.repeat(90 * 1024))], /environment have \d+ bytes/],
      [["echo", ..."ab".split("").map(() => "\x01".repeat(96 * 1024))], /control characters/],
      [["echo", "a\0b"], /Argument 1 of the command contains a NUL/],
      [new Array<string>(5000).fill("x"), /5000 arguments/],
      [[], /names no program/],
    ];
    for (const [argv, message] of rows) {
      await assert.rejects(sandbox.run(argv, output), (error) => {
        assert.ok(error instanceof EngineError);
        assert.equal(error.code, "argv-too-long");
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal(engine.lost.aborted, false);
  });

  test("the largest argument that is allowed arrives", async () => {
    const sandbox = shared();
    const { output, bytes } = collector();
    await sandbox.run(["printf", "%s", "é".repeat(48 * 1024)], output);
    assert.equal((await bytes()).length, 96 * 1024);
  });
});

describe("what a command leaves behind", options, () => {
  test("a writer in the background is read for a while, then killed and counted", async (t) => {
    const sandbox = await newSandbox(t, real.current().engine);
    const { code, text, wallMs } = await runLines(sandbox, "(sleep 0.3; echo late; exec sleep 600) & echo early");
    assert.deepEqual([code, text], [0, "early\nlate\n"]);
    assert.ok(wallMs < 5_000, "the time of the command does not include that of its leftovers");
    assert.equal((await sandbox.finish()).leftover, 1);
  });

  test("one that writes without end is killed after the drain", async (t) => {
    const sandbox = await newSandbox(t, real.current().engine);
    const { output, bytes } = collector();
    const ended = await sandbox.run(["bash", "-c", "(while sleep 0.2; do echo more; done) & echo early"], output);
    assert.equal(ended.code, 0);
    assert.match((await bytes()).toString(), /^early\n(more\n){20,60}$/);
  });

  test("silent ones, stopped ones and daemons are killed and counted at the end", async (t) => {
    const sandbox = await newSandbox(t, real.current().engine);
    const lines = `
      setsid sleep 600 >/dev/null 2>&1 </dev/null &
      (trap '' TERM HUP INT; exec sleep 600) >/dev/null 2>&1 </dev/null &
      sleep 600 >/dev/null 2>&1 </dev/null &
      until [[ $(ps -o comm= -p $!) == sleep ]]; do :; done
      kill -STOP $!`;
    assert.equal((await runLines(sandbox, lines)).code, 0);
    assert.equal((await sandbox.finish()).leftover, 3);
  });

  test("nothing is nothing", async (t) => {
    const sandbox = await newSandbox(t, real.current().engine);
    await runLines(sandbox, "sleep 0.1");
    assert.equal((await sandbox.finish()).leftover, 0);
  });
});

describe("kill", options, () => {
  const shared = useSandbox(real);

  test("ends the command under way, and says so", async () => {
    const sandbox = shared();
    const output = new PassThrough();
    output.once("data", () => void sandbox.kill());
    const { aborted, code } = await sandbox.run(["bash", "-c", "trap '' TERM; echo begun; sleep 600"], output);
    assert.deepEqual([aborted, code === 0], [true, false]);
  });

  test("reaches a command that is being started", async () => {
    const sandbox = shared();
    const running = runLines(sandbox, "sleep 600");
    await sandbox.kill();
    assert.equal((await running).aborted, true);
  });

  test("any number of times, also when nothing runs", async () => {
    const sandbox = shared();
    await Promise.all([sandbox.kill(), sandbox.kill()]);
    const { aborted, text } = await runLines(sandbox, "echo on");
    assert.deepEqual([aborted, text], [false, "on\n"]);
  });
});

describe("a builder", options, () => {
  const untouched = useBuilder(real);

  test("refuses names that no variable can have", () => {
    const builder = untouched();
    for (const name of ["bad d", "also-bad", "can't have space", "", "1A", "UID", "A=B", "É"]) {
      assert.throws(() => builder.setEnvironmentVariable(name, ""), { code: "invalid-env-name" });
    }
    assert.throws(() => builder.setEnvironmentVariable("A", "a\0b"), { code: "invalid-env-name" });
  });

  test("refuses a name twice", () => {
    const builder = untouched();
    assert.throws(() => builder.setEnvironmentVariable("PATH", "/"), { code: "naming-conflict" });
  });

  test("places a file of any bytes with its mode and the task user as owner", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    const bytes = randomBytes(3_000_000);
    const name = '-it\'s a "file" é';
    await builder.placeFile({ name, body: Readable.from([bytes.subarray(0, 1), bytes.subarray(1)]), mode: 0o755 });
    await builder.placeFile({ name: "empty", body: Readable.from([]), mode: 0o600 });
    const sandbox = builder.startSandbox();
    const { output, bytes: got } = collector();
    await sandbox.run(["cat", `./${name}`], output);
    assert.ok(bytes.equals(await got()));
    const { text } = await runLines(sandbox, "stat -c '%a %u %s %h' ./-it* empty; ls -A");
    const { uid } = sandbox.user;
    assert.deepEqual(text.split("\n").slice(0, 2), [`755 ${uid} 3000000 1`, `600 ${uid} 0 1`]);
    assert.deepEqual(text.trimEnd().split("\n").slice(2).sort(), [name, "empty", "tmp"].sort());
  });

  test("places a script that then runs", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    await builder.placeFile({ name: "test.sh", body: textOf("#!/bin/sh\necho ran\n"), mode: 0o755 });
    const { output, bytes } = collector();
    await builder.startSandbox().run(["./test.sh"], output);
    assert.equal((await bytes()).toString(), "ran\n");
  });

  test("refuses names that lead elsewhere", async () => {
    const builder = untouched();
    for (const name of ["", ".", "..", "a/b", "/etc/x", "a\nb", "a\0b", "é".repeat(128)]) {
      await assert.rejects(builder.placeFile({ name, body: textOf("x"), mode: 0o600 }), { code: "place-failed" });
    }
  });

  test("does not write over what is there", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    await builder.placeFile({ name: "a", body: textOf("first"), mode: 0o600 });
    for (const name of ["a", "tmp"]) {
      await assert.rejects(builder.placeFile({ name, body: textOf("second"), mode: 0o600 }), {
        code: "name-taken",
        message: /it exists already/,
      });
    }
    assert.equal((await runLines(builder.startSandbox(), "cat a; ls -A tmp")).text, "first");
  });

  test("a body that breaks leaves no file of that name", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    const body = Readable.from(
      (async function* () {
        yield Buffer.from("half");
        throw new Error("the download broke");
      })(),
    );
    await assert.rejects(builder.placeFile({ name: "a", body, mode: 0o600 }), {
      code: "place-failed",
      message: /the download broke/,
    });
    assert.equal((await runLines(builder.startSandbox(), "ls")).text, "tmp\n");
  });
});

describe("the end of a task user", options, () => {
  test("can come at every step, any number of times, and is one answer", async (t) => {
    const { engine, logged } = real.current();
    const builder = await newBuilder(t, engine);
    const [first, second] = await Promise.all([builder.dispose(), builder.dispose()]);
    assert.equal(first, second);
    assert.deepEqual([first.state, first.left], ["gone", { processes: 0, shared: 0, home: false, account: false }]);
    const line = logged.find(({ fields }) => "auditHead" in fields && fields.auditHead === first.auditHead);
    assert.equal(line?.message, "task user gone");
  });

  test("ends the command under way", async (t) => {
    const sandbox = await newSandbox(t, real.current().engine);
    const output = new PassThrough();
    const running = sandbox.run(["bash", "-c", "echo begun; sleep 600"], output);
    await once(output, "data");
    const gone = await sandbox.dispose();
    assert.equal((await running).aborted, true);
    assert.equal(gone.state, "gone");
  });

  test("nothing can be started afterwards", async (t) => {
    const { engine } = real.current();
    const sandbox = await newSandbox(t, engine);
    await sandbox.dispose();
    await assert.rejects(runLines(sandbox, "id"), /has ended/);
    await sandbox.kill();
    assert.equal(engine.lost.aborted, false);
  });
});
