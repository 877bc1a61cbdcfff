/** The crash matrix: `npm run crash`, as root; prints a table. */
import { argumentsOf, countOf, endUsage } from "../arguments.ts";
import { faults, isFaultName, playAll } from "./all-points.ts";
import { Matrix } from "./matrix.ts";
import { runPool } from "./pool.ts";
import { playTroubles } from "./trouble.ts";

const options = {
  points: { type: "string", default: "" },
  "all-passings": { type: "boolean", default: false },
  fault: { type: "string", default: "kill" },
  shard: { type: "string", default: "1/1" },
  trouble: { type: "boolean", default: false },
  pool: { type: "string" },
} as const;
const usage = `npm run crash -- [--points REGEXP] [--shard I/N] and, instead of a SIGKILL at each step, one of
  --all-passings   at every passing of a step, not at the first and the last alone
  --fault F        ${faults.join("|")}: what happens there
  --trouble        tools that fail
  --pool N         N tasks with accounts that cannot be deleted`;
const { values } = argumentsOf(usage, { options });
const fault = isFaultName(values.fault) ? values.fault : endUsage(`--fault is one of ${faults.join(", ")}`);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** An error is said at once: what cannot be put in order after it would hide it. */
async function withMatrix(work: (matrix: Matrix) => Promise<boolean>): Promise<boolean> {
  const matrix = await Matrix.open();
  const done = await work(matrix).catch((error: unknown) => {
    say(`${error}`);
    return false;
  });
  await matrix.close();
  return done;
}

async function points(matrix: Matrix): Promise<boolean> {
  const [shard = 1, shards = 1] = values.shard.split("/").map(Number);
  const choose = { pattern: new RegExp(values.points), allPassings: values["all-passings"], shard, shards };
  const play = () => playAll(matrix, fault, choose, say);
  const table = fault === "fill" ? await matrix.onSmallDisks(play) : await play();
  say("");
  for (const line of table.lines) say(line);
  return table.different === 0;
}

async function pool(tasks: number): Promise<boolean> {
  say(JSON.stringify(await runPool(tasks, say), undefined, 2));
  return true;
}

async function play(): Promise<boolean> {
  if (values.pool !== undefined) return pool(countOf("pool", values.pool));
  if (values.trouble) return withMatrix((matrix) => playTroubles(matrix, new RegExp(values.points), say));
  return withMatrix(points);
}

if (process.geteuid?.() !== 0) {
  say("the crash matrix makes users: sudo npm run crash");
  process.exit(77);
}
process.exitCode = (await play()) ? 0 : 1;
