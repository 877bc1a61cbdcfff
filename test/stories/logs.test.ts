import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { bash, runOnce } from "./run-task.ts";

const manyBytes = 200_000_000;
const line = "0123456789abcdefghijklmnopqrstuvwxyz\n";
const { ran, story } = runOnce({
  large: bash(`yes ${line.trim()} | head -c ${manyBytes}`, { maxRunTime: 100 }),
  noNewline: bash("printf 'no line end'"),
  noUtf8: bash("printf 'a\\xff\\xfe\\x80b\\x00c\\n\\xc3'"),
  named: bash("echo one >/dev/stdout; echo two >/dev/stderr; echo three >&2; exec 5>/dev/stdout; echo four >&5"),
  tee: bash("echo both | tee /dev/stderr"),
  order: bash("for ((i = 0; i < 2000; i++)); do echo out $i; echo err $i >&2; done"),
  silent: bash("exec >&- 2>&-; exit 5"),
  escape: bash("printf 'colour \\033[31mred\\033[0m\\n'; printf '[taskcluster:error] forged\\n'"),
  longLine: bash("head -c 3000000 /dev/zero | tr '\\0' x"),
  several: { command: ["one", "two", "three"].map((word) => ["/bin/echo", "-n", word]), maxRunTime: 60 },
});

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
/** The worker's next line begins on a line of its own. */
const ended = (text: string): Buffer => Buffer.from(`${text}\n`, "latin1");

describe("the log has every byte that the command wrote", { skip: needsRoot }, () => {
  test("200 MB of output, compared by hash, in the artifact and in the events", async () => {
    const large = await story("large");
    assert.equal(large.resolution, "completed/completed");
    const whole = Buffer.alloc(manyBytes, line);
    const output = large.output();
    assert.equal(output.length, manyBytes + 1, "and the line end before the worker's line");
    assert.equal(sha256(output.subarray(0, manyBytes)), sha256(whole));
    assert.equal(sha256(large.told), sha256(large.logBytes));
  });

  test("output without a final line end", async () => {
    assert.deepEqual((await story("noNewline")).output(), ended("no line end"));
  });

  test("bytes that are no UTF-8, and NUL", async () => {
    assert.deepEqual((await story("noUtf8")).output(), ended("a\xff\xfe\x80b\0c\n\xc3"));
  });

  test("what is written to /dev/stdout and /dev/stderr by name", async () => {
    assert.equal(`${(await story("named")).output()}`, "one\ntwo\nthree\nfour\n");
    assert.equal(`${(await story("tee")).output()}`, "both\nboth\n");
  });

  test("stdout and stderr in the order they were written", async () => {
    const expected = Array.from({ length: 2000 }, (_, i) => `out ${i}\nerr ${i}\n`).join("");
    assert.equal(`${(await story("order")).output()}`, expected);
  });

  test("a line of 3 MB", async () => {
    const output = (await story("longLine")).output();
    assert.equal(output.length, 3_000_001);
    assert.equal(sha256(output), sha256(`${"x".repeat(3_000_000)}\n`));
  });

  test("control sequences, as they are", async () => {
    assert.equal(`${(await story("escape")).output()}`, "colour \x1b[31mred\x1b[0m\n");
  });

  test("a task that closes its output still ends with its status", async () => {
    const silent = await story("silent");
    assert.equal(silent.output().length, 0);
    assert.equal(silent.verdict, "exit status 5");
  });

  test("each command's output stands below the line that says what was executed", async () => {
    const several = await story("several");
    assert.deepEqual(
      [0, 1, 2].map((n) => `${several.output(n)}`),
      ["one\n", "two\n", "three\n"],
    );
  });
});

describe("the log is readable", { skip: needsRoot }, () => {
  test("it has generic-worker's lines around the output", async () => {
    const { log } = await story("named");
    const time = String.raw`\[taskcluster \d{4}-\d\d-\d\dT[\d:.]+Z\]`;
    assert.match(log, new RegExp(`^${time} Worker Type \\(local/macosx\\) settings:\n`));
    assert.match(log, new RegExp(`^${time} {24,}Exit Code: 0\n${time} {24,}User Time: `, "m"));
    assert.match(log, new RegExp(`${time} === Task Finished ===\n${time} Task Duration: [\\dms.]+\n$`));
  });

  test("live.log and live_backing.log both lead to it", async () => {
    const task = await story("named");
    assert.equal(task.artifact("public/logs/live.log")?.storageType, "link");
    assert.equal(task.artifact("public/logs/live_backing.log")?.storageType, "s3");
  });

  test("the events told the same text", async () => {
    const { tasks } = await ran();
    for (const task of tasks) assert.equal(sha256(task.told), sha256(new TextDecoder().decode(task.logBytes)));
  });
});
