/** Tasks that do nothing: how many a worker ends in a minute, beside a bare loop that does only what must be done. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lchownSync, mkdirSync, rmdirSync } from "node:fs";
import { BenchWorker } from "./bench-worker.ts";
import { median, type Options, progress, type Row, takeTurns } from "./measure.ts";
import type { StagedForms } from "./staged-forms.ts";
import { warmUser } from "./warm-user.ts";

async function run(file: string, args: readonly string[], uid = 0): Promise<void> {
  const [code] = await once(spawn(file, args, { uid, gid: uid, cwd: "/", env: {}, stdio: "ignore" }), "exit");
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${code}`);
}

/** An account by the fewest calls of dscl, a home, the command as that user, and all of it removed; nothing is proven. */
async function bare(dscl: string, uid: number, name: string): Promise<void> {
  const home = `/home/${name}`;
  const attributes = {
    UniqueID: `${uid}`,
    PrimaryGroupID: `${uid}`,
    NFSHomeDirectory: home,
    UserShell: "/usr/bin/false",
  };
  await run(dscl, [".", "-create", `/Groups/${name}`]);
  await run(dscl, [".", "-create", `/Groups/${name}`, "PrimaryGroupID", `${uid}`]);
  await run(dscl, [".", "-create", `/Users/${name}`]);
  for (const pair of Object.entries(attributes)) await run(dscl, [".", "-create", `/Users/${name}`, ...pair]);
  mkdirSync(home, { mode: 0o700 });
  lchownSync(home, uid, uid);
  await run("/bin/true", [], uid);
  rmdirSync(home);
  await run(dscl, [".", "-delete", `/Users/${name}`]);
  await run(dscl, [".", "-delete", `/Groups/${name}`]);
}

/** Milliseconds from the first claim until the last task user is gone. */
async function batch(worker: BenchWorker, tasks: number): Promise<number> {
  const ids: string[] = [];
  for (let n = 0; n < tasks; n += 1) ids.push(await worker.createTask(["/bin/true"]));
  const claims = await Promise.all(ids.map((id) => worker.event(id, "claim")));
  const ends = await Promise.all(ids.map((id) => worker.event(id, "gone")));
  return Math.max(...ends.map(({ at }) => at)) - Math.min(...claims.map(({ at }) => at));
}

/** One row. */
export async function tasksPerMinute(forms: StagedForms, capacity: number, { short }: Options): Promise<Row> {
  const tasks = capacity * (short ? 2 : 5);
  const worker = await BenchWorker.start(forms, "installed", capacity);
  const { dscl, slice } = worker.helper;
  try {
    const { ours, baseline } = await takeTurns(
      short ? 1 : 3,
      async () => {
        await warmUser(worker);
        return batch(worker, tasks);
      },
      async () => {
        await warmUser(worker);
        const began = performance.now();
        // The worker takes its uids in turn and is far from its last.
        for (let n = 0; n < 5; n += 1) await bare(dscl, slice.firstUid + 24, "tcw-bench");
        return (performance.now() - began) / 5;
      },
    );
    const rate = (ms: number): number => 60_000 / ms;
    const [figure, bareRate] = [rate(median(ours) / tasks), rate(median(baseline))];
    progress(`no-op tasks, capacity ${capacity}: ${figure.toFixed(0)} a minute, bare ${bareRate.toFixed(0)}`);
    return {
      measure: `no-op tasks, capacity ${capacity}`,
      unit: "tasks/min",
      figure,
      baseline: { what: "account, command, removal, one by one", figure: bareRate },
      target: null,
      detail: { tasks, batchesMs: ours, baselineMs: baseline },
    };
  } finally {
    await worker.stop();
  }
}
