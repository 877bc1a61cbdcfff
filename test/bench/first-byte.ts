/** From the claim to the first byte of a script in the task's log, beside the same script as a bare child process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Form } from "./bench-helper.ts";
import { BenchWorker } from "./bench-worker.ts";
import { median, type Options, progress, quantile, type Row, takeTurns } from "./measure.ts";
import type { StagedForms } from "./staged-forms.ts";
import { warmUser } from "./warm-user.ts";

interface Bare {
  /** Fork, setgid and setuid, exec: milliseconds until the first byte. */
  run(script: string, uid: number): Promise<number>;
  stop(): void;
}

function startBare({ node, checkout }: StagedForms): Bare {
  const child = spawn(node, [join(checkout, "test/bench/bare-main.ts")], {
    ...{ cwd: "/", env: {}, stdio: ["pipe", "pipe", "inherit"] },
  });
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error("the baseline's process has no pipes");
  const answers = createInterface({ input: stdout });
  return {
    async run(script, uid) {
      const answered = once(answers, "line");
      stdin.write(`${JSON.stringify([script, uid])}\n`);
      const [took] = await answered;
      return Number(took);
    },
    stop: () => stdin.end(),
  };
}

interface Sample {
  readonly firstByte: number;
  readonly user: number;
  readonly started: number;
}

async function task(worker: BenchWorker, script: string): Promise<Sample> {
  const taskId = await worker.createTask([script]);
  const [claim, user, started, output] = await Promise.all([
    worker.event(taskId, "claim"),
    worker.event(taskId, "user"),
    worker.event(taskId, "started"),
    worker.event(taskId, "output"),
    worker.event(taskId, "gone"),
  ]);
  return { firstByte: output.firstAt - claim.at, user: user.at - claim.at, started: started.at - claim.at };
}

/** One row. The worker has a task user made ahead each time. */
export async function firstByte(forms: StagedForms, form: Form, { short }: Options): Promise<Row> {
  const script = join(forms.checkout, "first-byte");
  writeFileSync(script, "#!/bin/bash\necho first\n", { mode: 0o755 });
  const worker = await BenchWorker.start(forms, form, 1);
  const bare = startBare(forms);
  try {
    const { ours, baseline } = await takeTurns(
      short ? 5 : 60,
      async () => {
        await warmUser(worker);
        return task(worker, script);
      },
      async () => bare.run(script, await warmUser(worker)),
    );
    const all = ours.map((sample) => sample.firstByte);
    progress(`first byte, ${form}: ${median(all).toFixed(1)} ms, bare ${median(baseline).toFixed(2)} ms`);
    return {
      measure: `claim → first byte (helper: ${form})`,
      unit: "ms",
      figure: median(all),
      baseline: { what: "spawn of the script with uid and gid", figure: median(baseline) },
      target: { of: "ratio", bound: "most", value: 10 },
      detail: {
        runs: all.length,
        p95: quantile(all, 0.95),
        baselineP95: quantile(baseline, 0.95),
        untilUser: median(ours.map((sample) => sample.user)),
        untilStarted: median(ours.map((sample) => sample.started)),
      },
    };
  } finally {
    bare.stop();
    await worker.stop();
  }
}
