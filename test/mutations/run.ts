/**
 * `npm run test:mutations`: takes the defences out one at a time, and shows that a test notices each. Before that the same
 * tests must pass with every defence in place.
 */
import { dirname } from "node:path";
import { argumentsOf } from "../arguments.ts";
import { root } from "../imports.ts";
import { Mutant } from "./mutant.ts";
import type { Mutation } from "./mutation.ts";
import { mutations } from "./mutations.ts";

const workers = 2;
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Does every job, at most `workers` at a time, each worker with a checkout of its own. */
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

/** How many tests fail, or do not exist, without any edit: a mutation that they catch proves nothing. */
async function unsound(chosen: readonly Mutation[]): Promise<number> {
  const files = Map.groupBy(chosen, ({ caughtBy: [file] }) => file);
  let count = 0;
  await each([...files], async ([file, some], mutant) => {
    const { names, output } = await mutant.unsound(file, [...new Set(some.map(({ caughtBy: [, name] }) => name))]);
    count += names.length;
    if (names.length > 0) say(`${output}\nfails or is not there without any edit: ${file}: ${names.join(", ")}`);
  });
  return count;
}

const usage = `npm run test:mutations -- [WORD …]
  WORD   chooses mutations: each word must be a part of their sentence or file; all unless told`;
const { positionals: words } = argumentsOf(usage, { allowPositionals: true });
const chosen = mutations.filter(({ without, file }) => words.every((word) => `${without} ${file}`.includes(word)));
say(`${chosen.length} mutations; first their tests as they are`);
let survived = 0;
const bad = await unsound(chosen);
if (bad === 0) {
  await each(chosen, async (mutation, mutant) => {
    const { how, output } = await mutant.run(mutation);
    if (!how) survived += 1;
    say(`${how ? `caught, ${how}` : `${output}\nSURVIVED`}: without ${mutation.without} [${mutation.file}]`);
  });
  say(`\n${chosen.length - survived} of ${chosen.length} mutations caught, ${survived} survived`);
}
process.exitCode = bad > 0 || survived > 0 ? 1 : 0;
