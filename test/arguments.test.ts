import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { root } from "./imports.ts";

/** Package scripts with arguments of their own. */
const names = ["fuzz", "model", "crash", "bench", "soak", "test:mutations"];
const scripts: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;

function call(name: string, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const [file = ""] = /test\/\S+\.ts$/.exec(scripts[name] ?? "") ?? [];
  return spawnSync(process.execPath, [join(root, file), ...words], { encoding: "utf8" });
}

suite("A program of the tests", { concurrency: 2 }, () => {
  for (const name of names) {
    test(`${name} --help prints its usage and nothing else`, () => {
      const { status, stdout, stderr } = call(name, "--help");
      assert.deepEqual([status, stderr], [0, ""]);
      assert.ok(stdout.startsWith(`npm run ${name} -- `), stdout);
    });

    test(`${name} refuses an unknown option in one sentence`, () => {
      const { status, stdout, stderr } = call(name, "--no-such-option");
      assert.deepEqual([status, stdout], [64, ""]);
      assert.equal(stderr, "Unknown option '--no-such-option': --help says what there is\n");
    });
  }

  test("refuses a number that is none, and a choice that there is not", () => {
    for (const [name, words, why] of [
      ["model", ["--sequences", "many"], '--sequences takes a whole number, not "many"\n'],
      ["fuzz", ["--seconds", "-1"], /^Option '--seconds' argument is ambiguous[^\n]*\n$/],
      ["fuzz", ["--target", "moon", "--seconds", "1"], /^there is no target "moon": name one of [^\n]*\n$/],
      ["fuzz", [], /^name one of --seconds, --executions and --replay[^\n]*\n$/],
    ] as const) {
      const { status, stderr } = call(name, ...words);
      assert.equal(status, 64, stderr);
      if (typeof why === "string") assert.equal(stderr, why);
      else assert.match(stderr, why);
    }
  });
});
