import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommandResult } from "../agent/engine/engine.ts";
import { executing, exitBlock, footerLines, goDuration, headerLines } from "../agent/log-lines.ts";

const good: CommandResult = { code: 0, signal: null, userMs: 1.23, systemMs: 0.5, wallMs: 61_500, aborted: false };

test("durations have Go's syntax", () => {
  const cases: [number, string][] = [
    [0, "0s"],
    [-5, "0s"],
    [0.000001, "1ns"],
    [0.0015, "1.5µs"],
    [0.25, "250µs"],
    [1, "1ms"],
    [12.25, "12.25ms"],
    [999.999999, "999.999999ms"],
    [1000, "1s"],
    [1234.567, "1.234567s"],
    [60_000, "1m0s"],
    [90_500, "1m30.5s"],
    [3_600_000, "1h0m0s"],
    [90_061_000, "25h1m1s"],
  ];
  for (const [ms, text] of cases) assert.equal(goDuration(ms), text);
});

test("the header shows the worker's settings as indented JSON", () => {
  assert.deepEqual(
    headerLines({ provisionerId: "p", workerType: "w", workerTypeMetadata: { machine: { os: "mac" } }, taskId: "T" }),
    [
      "Worker Type (p/w) settings:",
      "  {",
      '    "machine": {',
      '      "os": "mac"',
      "    }",
      "  }",
      "Task ID: T",
      "=== Task Starting ===",
    ],
  );
});

test("a command is shown as a shell would read it", () => {
  assert.equal(
    executing(1, ["/bin/bash", "-c", "echo 'a b'", "", "x=1", "~"]),
    `Executing command 1: /bin/bash -c 'echo '\\''a b'\\''' '' x=1 '~'`,
  );
});

test("what plugins know of a command stands before its result", () => {
  const lines = exitBlock(good, [["Average Available System Memory", "1.00 GiB"]]).split("\n");
  assert.equal(lines.at(-2), " Average Available System Memory: 1.00 GiB");
  assert.match(lines.at(-1) ?? "", /^ {26}Result: SUCCEEDED$/);
});

test("the labels after a command end in the same column", () => {
  assert.equal(
    exitBlock(good),
    [
      "                       Exit Code: 0",
      "                       User Time: 1.23ms",
      "                     Kernel Time: 500µs",
      "                       Wall Time: 1m1.5s",
      "                          Result: SUCCEEDED",
    ].join("\n"),
  );
});

test("a command that a signal ended has failed with exit code -1", () => {
  const block = exitBlock({ ...good, code: null, signal: "SIGSEGV" });
  assert.match(block, /Exit Code: -1\n/);
  assert.match(block, /Result: FAILED$/);
});

test("a killed command says so first", () => {
  const block = exitBlock({ ...good, code: null, signal: "SIGKILL", aborted: true });
  assert.match(block, /^Command ABORTED after 1m1\.5s: process aborted\n/);
  assert.match(block, /Result: ABORTED$/);
});

test("the footer names the duration of the task", () => {
  assert.deepEqual(footerLines(2500), ["=== Task Finished ===", "Task Duration: 2.5s"]);
});
