/**
 * `npm run test:mutations [-- WORD …]`: takes the defences out one at a time, and shows that a test notices each. Before
 * that the same tests must pass with every defence in place. WORDs choose mutations by a part of their sentence or file.
 */
import { dirname } from "node:path";
import { root } from "../imports.ts";
import { Mutant, noticed } from "./mutant.ts";
import type { Mutation } from "./mutation.ts";
import { mutations } from "./mutations.ts";

const workers = 2;
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Runs every job, at most `workers` at a time, each worker with a checkout of its own. */
async function each<T>(jobs: readonly T[], work: (job: T, mutant: Mutant) => Promise<void>): Promise<void> {
  const waiting = [...jobs];
  const worker = async (): Promise<void> => {
    const mutant = new Mutant(dirname(root));
    try {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await work(job, mutant);
    } finally {
      mutant.remove();
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

/** Tests that fail, or do not exist, without any edit: a mutation that they catch proves nothing. */
async function unsound(chosen: readonly Mutation[]): Promise<string[]> {
  const tests = new Map(chosen.flatMap(({ caughtBy }) => caughtBy).map((test) => [`${test.file} ${test.name}`, test]));
  const bad: string[] = [];
  await each([...tests.values()], async (test, mutant) => {
    const verdict = await mutant.run([test]);
    if (noticed(verdict) || verdict.passed === 0) bad.push(`${test.file}: ${test.name ?? ""}\n${verdict.output}`);
  });
  return bad;
}

const words = process.argv.slice(2);
const chosen = mutations.filter(({ without, file }) => words.every((word) => `${without} ${file}`.includes(word)));
say(`${chosen.length} mutations; first their tests as they are`);
const bad = await unsound(chosen);
for (const test of bad) say(`fails without any edit: ${test}`);
const survivors: string[] = [];
if (bad.length === 0) {
  await each(chosen, async (mutation, mutant) => {
    const verdict = await mutant.run(mutation.caughtBy, mutation);
    const how = verdict.late ? "the tests hang" : `${verdict.failed} failed`;
    if (!noticed(verdict)) survivors.push(mutation.without);
    say(`${noticed(verdict) ? `caught (${how})` : "SURVIVED"}: without ${mutation.without} [${mutation.file}]`);
  });
  say(`\n${chosen.length - survivors.length} of ${chosen.length} mutations caught, ${survivors.length} survived`);
}
process.exitCode = bad.length > 0 || survivors.length > 0 ? 1 : 0;
