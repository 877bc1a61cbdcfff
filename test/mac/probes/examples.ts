/** Whole tasks: the examples through `run-task`, as a person runs them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { endOf, type Ground } from "../ground.ts";
import { type Answer, NotAsked, probesOf } from "../probe.ts";

const checkout = join(import.meta.dirname, "../../..");
const firefox = "/Applications/Firefox.app/Contents/MacOS/firefox";

/** Exit status, and what `run-task --json` says last of each task. */
async function runExample(ground: Ground, name: string): Promise<Answer> {
  const argv = ["run-task", join(checkout, "examples", name), "--json"];
  const ran = await ground.run(join(checkout, "taskcluster-worker"), argv, { cwd: checkout, timeout: 540_000 });
  const events = ran.stdout.split("\n").filter((line) => line.startsWith("{"));
  const ends: { event: string; n: number; state: string; reason: string; proof: unknown }[] = events
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === "gone");
  const more = ends.map(
    ({ n, state, reason, proof }) => `task ${n}: ${state}/${reason}, left ${JSON.stringify(proof)}`,
  );
  const logs = ran.exit === 0 ? [] : ran.stderr.trim().split("\n").slice(-20);
  return { seen: endOf(ran), more: [...more, ...logs] };
}

export const exampleProbes = probesOf(
  { leansOn: ["taskcluster-worker", "helper/start.ts", "agent/engine/macosx.ts"] },
  [
    {
      number: 62,
      claim: "Three tasks at once run, cannot get at each other, and are proven gone.",
      mark: "F",
      asked: "taskcluster-worker run-task examples/hello.yml --json",
      expected: ["exit 0"],
      seconds: 600,
      ask: (ground) => runExample(ground, "hello.yml"),
    },
    {
      number: 63,
      claim: "A task with every property of generic-worker's dialect completes.",
      mark: "F",
      asked: "taskcluster-worker run-task examples/everything-generic-worker.yml --json",
      expected: ["exit 0"],
      seconds: 600,
      ask: (ground) => runExample(ground, "everything-generic-worker.yml"),
    },
    {
      number: 64,
      claim: "A task with every property of taskcluster-worker's dialect completes.",
      mark: "F",
      asked: "taskcluster-worker run-task examples/everything-taskcluster-worker.yml --json",
      expected: ["exit 0"],
      seconds: 600,
      ask: (ground) => runExample(ground, "everything-taskcluster-worker.yml"),
    },
    {
      number: 65,
      claim:
        "Firefox in a task, which has no graphics session here, ends in time: with a picture, or as a failed task.",
      mark: "F",
      asked: "taskcluster-worker run-task examples/firefox.yml --json",
      expected: ["exit 0", "exit 1"],
      seconds: 600,
      async ask(ground) {
        if (!existsSync(firefox)) throw new NotAsked("/Applications/Firefox.app is not there");
        return runExample(ground, "firefox.yml");
      },
    },
  ],
);
