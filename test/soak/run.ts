/** `npm run soak`: as root. Prints what it has seen; exit 1 when something was not as it must be. */
import { argumentsOf, countOf, endUsage } from "../arguments.ts";
import { needsRoot } from "../root.ts";
import { soak } from "./soak.ts";

const usage = `npm run soak -- [--tasks N] [--seed S] [--capacity C]
  --tasks      how many; 200 unless told
  --seed       the same tasks and the same faults as another soak had; by chance unless told
  --capacity   tasks at once; 8 unless told`;
const { values } = argumentsOf(usage, {
  options: {
    tasks: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    capacity: { type: "string", default: "8" },
  },
});
if (needsRoot) endUsage("a soak makes users: sudo npm run soak");
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const [tasks, seed, capacity] = [
  countOf("tasks", values.tasks),
  countOf("seed", values.seed),
  countOf("capacity", values.capacity),
];
say(`${tasks} tasks, ${capacity} at once, seed ${seed}`);
const { wrong, ...seen } = await soak({ tasks, seed, capacity, say });
say(JSON.stringify(seen, undefined, 2));
for (const sentence of wrong) say(sentence);
say(`${tasks} tasks, seed ${seed}: ${wrong.length === 0 ? "all as it must be" : `${wrong.length} things wrong`}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
