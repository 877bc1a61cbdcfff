import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import * as realFiles from "node:fs";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { readCorpus, readRegressions } from "./corpus.ts";
import * as memoryFiles from "./memory-files.ts";
import { planted } from "./planted.ts";
import { report } from "./report.ts";
import { type TargetName, targetNames } from "./target.ts";
import { fuzz, type Result } from "./watch.ts";

/** Of the guided search in all; .ci/run asks for more. */
const seconds = Number(process.env["FUZZ_SECONDS"] ?? 10) / targetNames.length;
/** Generous: a machine may be busy. Each is found within a second or two on one that is not. */
const plantedSeconds = 180;
const shown = ({ finding }: Result): string =>
  finding ? `${finding.message}: ${JSON.stringify(finding.input.toString("latin1").slice(0, 500))}` : "";

async function replay(target: TargetName, inputs: readonly Buffer[]): Promise<Result> {
  return fuzz({ target, seed: 0, work: { kind: "replay", inputs } });
}

suite("Fuzzing", () => {
  for (const target of targetNames) {
    test(`every kept input of ${target} is treated as it should be`, async () => {
      const inputs = readCorpus(target);
      assert.ok(inputs.length > 3 && inputs.length <= 500, `${inputs.length} are kept`);
      const result = await replay(target, inputs);
      assert.equal(shown(result), "");
      assert.equal(result.executions, inputs.length);
    });

    test(`${target} stands ${seconds} s of inputs that look for new blocks`, async (t) => {
      const seed = randomInt(2 ** 47);
      const result = await fuzz({ target, seed, work: { kind: "guided", seconds, keep: false } });
      const { executions, corpus, blocks } = result;
      t.diagnostic(`seed ${seed}: ${executions} executions, corpus ${corpus}, ${JSON.stringify(blocks)}`);
      assert.equal(shown(result), "", `seed ${seed}`);
      assert.ok(blocks && blocks.covered > 0.5 * blocks.known && executions > readCorpus(target).length);
    });
  }

  for (const { name, target, input } of readRegressions()) {
    test(`${target}: ${name}`, async () => assert.equal(shown(await replay(target, [input])), ""));
  }

  for (const { target, what, ...plant } of planted) {
    test(`finds ${what}`, async (t) => {
      const seed = randomInt(2 ** 47);
      const work = { kind: "guided", seconds: plantedSeconds, keep: false } as const;
      const { finding, executions, ...result } = await fuzz({ target, seed, work, plant });
      t.diagnostic(`seed ${seed}: after ${executions} executions, ${result.seconds.toFixed(1)} s: ${finding?.message}`);
      assert.ok(finding, `seed ${seed}: ${executions} executions found nothing`);
      const again = await fuzz({ target, seed, work: { kind: "replay", inputs: [finding.input] }, plant });
      assert.ok(again.finding, "what it found shows the bug again");
      assert.equal(shown(await replay(target, [finding.input])), "", "without the bug it is treated as it should be");
    });
  }

  test("the kept inputs are few and small", () => {
    const folder = join(import.meta.dirname, "corpus");
    const bytes = realFiles.readdirSync(folder).reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
    assert.ok(bytes > 1000 && bytes < 300_000, `${bytes} bytes`);
  });

  test("a report of a finding shows the input escaped, and names the file and the command that show it again", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "fuzz-report-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const input = Buffer.from('"\x1b[31m\f\xff', "latin1");
    const result = { seconds: 2, executions: 3000, corpus: 0, finding: { input, message: "it is wrong" } };
    const [sums = "", message = "", shown = "", again = ""] = report("plist", 7, result, folder);
    assert.equal(sums, "plist: 3,000 executions in 2 s, 1,500/s; findings 1; seed 7");
    assert.match(message, /it is wrong/);
    assert.equal(shown.trim(), '"\\"\\u001b[31m\\f\\xff"');
    const [, file = ""] = /^ {2}again: npm run fuzz -- --target plist --replay (\S+)$/.exec(again) ?? [];
    assert.deepEqual(readFileSync(file), input);
  });

  test("files in memory do what files on the disk do", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "memory-files-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const said = (files: typeof memoryFiles | typeof realFiles): unknown[] => {
      const [one, other] = [join(folder, "one"), join(folder, "other")];
      const codeOf = (work: () => unknown): unknown => {
        try {
          return work();
        } catch (error) {
          return Object(error).code;
        }
      };
      return [
        codeOf(() => files.existsSync(one)),
        codeOf(() => files.readFileSync(one, "utf8")),
        codeOf(() => files.renameSync(one, other)),
        codeOf(() => files.writeFileSync(one, "a\ufeffé\ud800")),
        codeOf(() => files.writeFileSync(one, "b", { flag: "as" })),
        codeOf(() => files.readFileSync(one, "utf8")),
        codeOf(() => files.renameSync(one, other)),
        codeOf(() => [files.existsSync(one), files.existsSync(other), files.readFileSync(other, "utf8")]),
        codeOf(() => files.writeFileSync(other, "c")),
        codeOf(() => files.readFileSync(other, "utf8")),
      ];
    };
    assert.deepEqual(said(memoryFiles), said(realFiles));
  });
});
