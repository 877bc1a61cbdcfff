/** `npm run soak`: as root. Prints what it has seen; exit 1 when something was not as it must be. */

import { argumentsOf, countOf, endUsage } from "../arguments.ts";
import { runPrivately } from "../mutations/private-machine.ts";
import { needsRoot } from "../root.ts";
import { checkout } from "../stories/launched.ts";
import { soak } from "./soak.ts";
import { summary, verdict } from "./summary.ts";

const usage = `npm run soak -- [--tasks N] [--seed S] [--capacity C]
  --tasks      how many; 200 unless told, 2000 for memory that can be judged
  --seed       the same tasks and the same faults as another soak had; by chance unless told
  --capacity   tasks at once; 8 unless told
It runs in namespaces of its own, and leaves nothing. Exit status: 0 all as it must be, 1 something is wrong.`;
const { values } = argumentsOf(usage, {
  options: {
    tasks: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    capacity: { type: "string", default: "8" },
    "in-namespaces": { type: "boolean", default: false },
  },
});
if (needsRoot) endUsage("a soak makes users: sudo npm run soak");
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const [tasks, seed, capacity] = [
  countOf("tasks", values.tasks),
  countOf("seed", values.seed),
  countOf("capacity", values.capacity),
];
if (values["in-namespaces"]) {
  const begun = performance.now();
  process.once("uncaughtException", (error) => {
    say(`the soak itself has failed, with seed ${seed}: ${error.message}`);
    process.exit(1);
  });
  const progress = (resolved: number): void => {
    // To the start of the line: what follows is written over it.
    if (process.stdout.isTTY) process.stdout.write(`${resolved} of ${tasks} tasks\r`);
  };
  const result = await soak({ tasks, seed, capacity, progress, say });
  say(summary(result));
  say(verdict(result, { tasks, seed, seconds: Math.round((performance.now() - begun) / 1000) }));
  process.exitCode = result.wrong.length === 0 ? 0 : 1;
} else {
  say(`${tasks} tasks, ${capacity} at once, seed ${seed}`);
  const words = ["--tasks", `${tasks}`, "--seed", `${seed}`, "--capacity", `${capacity}`];
  process.exitCode = runPrivately(checkout, [process.execPath, import.meta.filename, "--in-namespaces", ...words]);
}
