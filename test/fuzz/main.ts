/** `npm run fuzz`: everything that root parses, and what the agent parses, against random input. */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { argumentsOf, countOf, endUsage } from "../arguments.ts";
import { report } from "./report.ts";
import { targetNames } from "./target.ts";
import { fuzz, type Work } from "./watch.ts";

const usage = `npm run fuzz -- [--target ${targetNames.join("|")}] [--seed N] and one of
  --seconds N [--keep]   guided by coverage; --keep writes the smallest corpus back
  --executions N         from the kept corpus, without coverage
  --replay FILE          one input, of the target that is named`;

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

function workOf(values: { seconds?: string; executions?: string; replay?: string; keep?: boolean }): Work | undefined {
  if (values.replay !== undefined) return { kind: "replay", inputs: [readFileSync(values.replay)] };
  if (values.executions !== undefined) return { kind: "plain", executions: countOf("executions", values.executions) };
  if (values.seconds === undefined) return undefined;
  return { kind: "guided", seconds: countOf("seconds", values.seconds), keep: values.keep === true };
}

const { values } = argumentsOf(usage, {
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
if (!work) endUsage("name one of --seconds, --executions and --replay: --help says what they do");
const targets = targetNames.filter((name) => values.target === undefined || values.target === name);
if (targets.length === 0) endUsage(`there is no target "${values.target}": name one of ${targetNames.join(", ")}`);
if (work.kind === "replay" && targets.length !== 1) endUsage("--replay needs the --target that the file is for");
for (const target of targets) {
  const seed = values.seed === undefined ? randomInt(2 ** 47) : countOf("seed", values.seed);
  const result = await fuzz({ target, seed, work });
  for (const line of report(target, seed, result, tmpdir())) say(line);
  if (result.finding) process.exitCode = 1;
}
