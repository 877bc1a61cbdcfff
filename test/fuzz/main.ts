/** `npm run fuzz -- [--target T] (--seconds N [--keep] | --executions N | --replay FILE) [--seed S]` */
import { createHash, randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type TargetName, targetNames } from "./target.ts";
import { fuzz, type Result, type Work } from "./watch.ts";

const usage = `npm run fuzz -- [--target ${targetNames.join("|")}] [--seed N] and one of
  --seconds N [--keep]   guided by coverage; --keep writes the smallest corpus back
  --executions N         from the kept corpus, without coverage
  --replay FILE          one input, of the target that is named`;

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Bytes as one printable line, cut where it gets long. */
function escaped(input: Buffer): string {
  const shown = JSON.stringify(input.subarray(0, 400).toString("latin1")).replace(
    /[\x7f-\xff]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16)}`,
  );
  return input.length > 400 ? `${shown} … (${input.length} bytes)` : shown;
}

function report(target: TargetName, seed: number, result: Result): void {
  const { seconds, executions, corpus, blocks, finding } = result;
  const rate = Math.round(executions / seconds).toLocaleString("en");
  const guided = blocks ? `; corpus ${corpus}; blocks ${blocks.covered} of ${blocks.known} known` : "";
  say(
    `${target}: ${executions.toLocaleString("en")} executions in ${seconds.toFixed(0)} s, ${rate}/s${guided}; ` +
      `findings ${finding ? 1 : 0}; seed ${seed}`,
  );
  if (!finding) return;
  process.exitCode = 1;
  const name = createHash("sha256").update(finding.input).digest("hex").slice(0, 12);
  const file = join(tmpdir(), `fuzz-${target}-${name}`);
  writeFileSync(file, finding.input);
  say(`  ${finding.message.slice(0, 1000)}`);
  say(`  ${escaped(finding.input)}`);
  say(`  again: npm run fuzz -- --target ${target} --replay ${file}`);
}

function workOf(values: { seconds?: string; executions?: string; replay?: string; keep?: boolean }): Work | undefined {
  if (values.replay !== undefined) return { kind: "replay", inputs: [readFileSync(values.replay)] };
  if (values.executions !== undefined) return { kind: "plain", executions: Number(values.executions) };
  if (values.seconds === undefined) return undefined;
  return { kind: "guided", seconds: Number(values.seconds), keep: values.keep === true };
}

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    seconds: { type: "string" },
    executions: { type: "string" },
    replay: { type: "string" },
    seed: { type: "string" },
    keep: { type: "boolean" },
  },
});
const work = workOf(values);
const targets = targetNames.filter((name) => values.target === undefined || values.target === name);
if (!work || targets.length === 0 || (work.kind === "replay" && targets.length !== 1)) {
  say(usage);
  process.exitCode = 2;
} else {
  for (const target of targets) {
    const seed = values.seed === undefined ? randomInt(2 ** 47) : Number(values.seed);
    report(target, seed, await fuzz({ target, seed, work }));
  }
}
