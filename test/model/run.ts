/**
 * `npm run model`: random sequences against the helper in memory, and against the real helper with real users; prints what
 * was tried, or the shortest sequence that shows a deviation.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { argumentsOf, countOf } from "../arguments.ts";
import { sweepLeftovers } from "../leftovers.ts";
import { kept } from "./kept.ts";
import { standInForTheMachine } from "./memory/hooks.ts";
import { type Sequence, sequenceInMemory } from "./steps.ts";
import { Tally } from "./tally.ts";

const usage = `npm run model -- [--sequences N] [--seed S] [--path P] [--real N]
  --sequences N   random sequences against the helper in memory, 2000 unless told
  --seed S        the same sequences as in a run that printed this seed
  --path P        only the one that a deviation named
  --real N        as root: N sequences against the real helper with real users`;

const { values } = argumentsOf(usage, {
  options: {
    sequences: { type: "string", default: "2000" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    path: { type: "string" },
    real: { type: "string", default: "0" },
  },
});
const sequences = countOf("sequences", values.sequences);
const seed = countOf("seed", values.seed);
const real = countOf("real", values.real);
const batch = 1000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const clock = globalThis.performance;
const begun = clock.now();

sweepLeftovers();
standInForTheMachine();
const { MemoryWorld } = await import("./memory/world.ts");
const tally = new Tally();

async function inMemory(sequence: Sequence): Promise<void> {
  const world = new MemoryWorld(sequence.seed, tally);
  tally.sequences += 1;
  try {
    await world.play(sequence);
  } catch (error) {
    const story = world.player.transcript.join("\n");
    throw new Error(
      `${error instanceof Error ? (error.name === "Error" ? error.message : error.stack) : error}\n${story}`,
    );
  } finally {
    world.remove();
  }
}

function report(result: fc.RunDetails<[Sequence]>): boolean {
  if (!result.failed) return true;
  say(`deviation, after ${result.numRuns} sequences and ${result.numShrinks} shrinks:`);
  say(`${result.errorInstance instanceof Error ? result.errorInstance.message : result.errorInstance}`);
  say(`repeat it: npm run model -- --sequences 1 --seed ${result.seed} --path ${result.counterexamplePath}`);
  return false;
}

const property = fc.asyncProperty(sequenceInMemory, inMemory);
const examples = kept.map((sequence): [Sequence] => [sequence]);
let fine = report(await fc.check(property, { examples, numRuns: examples.length }));
for (let done = 0, at = seed; fine && done < sequences; done += batch, at += 1) {
  const numRuns = Math.min(batch, sequences - done);
  const where = values.path === undefined ? {} : { path: values.path };
  fine = report(await fc.check(property, { numRuns, seed: at, ...where }));
  if (fine && (done + numRuns) % 10_000 === 0)
    say(`${done + numRuns} sequences, ${Math.round((clock.now() - begun) / 1000)} s`);
}
if (sequences > 0) {
  say(`\nin memory, seed ${seed}`);
  for (const line of tally.lines()) say(line);
  say(`${Math.round((clock.now() - begun) / 100) / 10} s`);
}
if (fine && real > 0) {
  const argv = [join(import.meta.dirname, "real-run.ts"), `${real}`, `${seed}`];
  fine = spawnSync(process.execPath, argv, { stdio: "inherit" }).status === 0;
}
process.exitCode = fine ? 0 : 1;
