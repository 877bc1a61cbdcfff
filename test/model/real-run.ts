/** Random sequences against the real helper with real users: `node test/model/real-run.ts N SEED`, as root. */
import fc from "fast-check";
import { Others } from "./others.ts";
import { RealWorld } from "./real-world.ts";
import { type Sequence, sequenceForReal } from "./steps.ts";
import { Tally } from "./tally.ts";

const [sequences = 1, seed = 0] = process.argv.slice(2).map(Number);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const tally = new Tally();
const begun = performance.now();
const others = new Others();
process.once("exit", () => others.remove());
const world = await RealWorld.start(tally, others);
let shortest: string | undefined;

async function play(sequence: Sequence): Promise<void> {
  tally.sequences += 1;
  try {
    await world.play(sequence);
  } catch (error) {
    shortest = `${error instanceof Error ? error.message : error}\n${world.transcript.join("\n")}`;
    await world.forget();
    throw error;
  }
  if (tally.sequences % 25 === 0)
    say(`${tally.sequences} real sequences, ${Math.round((performance.now() - begun) / 1000)} s`);
}

const result = await fc.check(fc.asyncProperty(sequenceForReal, play), {
  numRuns: sequences,
  seed,
  endOnFailure: false,
});
if (result.failed) say(`deviation, with real users, seed ${seed}:\n${shortest}`);
await world.stop();
say(`\nwith real users, seed ${seed}`);
for (const line of tally.lines()) say(line);
say(`${Math.round((performance.now() - begun) / 100) / 10} s`);
process.exitCode = result.failed ? 1 : 0;
