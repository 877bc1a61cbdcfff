/** The thread that fuzzes one target. The thread that started it watches, and ends it when an execution does not end. */
import { parentPort, workerData } from "node:worker_threads";
import { readCorpus, writeCorpus } from "./corpus.ts";
import { Coverage } from "./coverage.ts";
import { Execution, Finding, SharedInput } from "./execution.ts";
import { Guided } from "./guided.ts";
import { plantBug, useMemoryFiles } from "./hooks.ts";
import { Inputs } from "./inputs.ts";
import { Random } from "./random.ts";
import { scripts } from "./scripts.ts";
import { shorten } from "./shorten.ts";
import { loadTarget } from "./target.ts";
import type { Job, Message } from "./watch.ts";

const { target: name, seed, work, plant, memory }: Job = workerData;
const shrinkTries = 2000;

function say(message: Message): void {
  parentPort?.postMessage(message);
}

/** What kind of error an input ends with: a shorter one that ends with another is another finding. */
function kindOf(execution: Execution, input: Buffer): string | undefined {
  try {
    execution.run(input);
    return undefined;
  } catch (error) {
    return error instanceof Finding ? error.kind : undefined;
  }
}

/** Only what this target needs is loaded, and only after the coverage has begun. */
async function main(): Promise<void> {
  Error.stackTraceLimit = 0; // Most inputs are refused with an error, whose stack nobody reads.
  useMemoryFiles();
  if (plant) plantBug(plant);
  const coverage = work.kind === "guided" ? new Coverage(scripts[name]) : undefined;
  const target = await loadTarget(name);
  const execution = new Execution(target, new SharedInput(memory));
  const inputs = new Inputs(target, new Random(seed), readCorpus(name));
  const began = performance.now();
  try {
    if (work.kind === "guided" && coverage) {
      const guided = new Guided(execution, coverage, inputs);
      guided.run(work.seconds);
      if (work.keep) writeCorpus(name, guided.smallest());
    } else if (work.kind === "plain") {
      for (let left = work.executions; left > 0; left -= 1) execution.run(inputs.next());
    } else if (work.kind === "replay") {
      for (const input of work.inputs) execution.run(Buffer.from(input));
    }
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    const how = kindOf(execution, error.input);
    const stays = (input: Buffer): boolean => kindOf(execution, input) === how;
    const smaller = shorten(error.input, stays, how === undefined ? 0 : shrinkTries);
    say({ kind: "finding", input: smaller, message: error.message });
  }
  const seconds = (performance.now() - began) / 1000;
  say({ kind: "ended", seconds, executions: execution.count, corpus: inputs.kept.length, blocks: coverage?.count });
}
await main();
