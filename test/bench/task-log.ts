/** A task that prints a lot: from its stdout to the backing log, beside the same through `cmd | cat > file`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { BenchWorker } from "./bench-worker.ts";
import { median, type Options, progress, type Row, takeTurns } from "./measure.ts";
import { warmUser } from "./warm-user.ts";

/** 64 KiB at a time, as fast as the reader takes it; lines of text, as logs are. */
export function printing(megabytes: number): string[] {
  const line = "0123456789 0123456789 0123456789 0123456789 0123456789 012345678";
  return ["/bin/bash", "-c", `yes '${line}' | dd bs=64k iflag=fullblock count=${megabytes * 16} 2>/dev/null`];
}

/** Seconds from the start of the command to its last byte in the file. */
async function task(worker: BenchWorker, megabytes: number): Promise<number> {
  const taskId = await worker.createTask(printing(megabytes));
  const [started, output] = await Promise.all([
    worker.event(taskId, "started"),
    worker.event(taskId, "output"),
    worker.event(taskId, "gone"),
  ]);
  if (output.bytes !== megabytes * 1024 ** 2) throw new Error(`the log has ${output.bytes} bytes of the task`);
  return (output.lastAt - started.at) / 1000;
}

async function pipe(file: string, megabytes: number): Promise<number> {
  const began = performance.now();
  const argv = ["-c", '"$@" | cat >"$0"', file, ...printing(megabytes)];
  const [code] = await once(spawn("/bin/bash", argv, { stdio: "ignore" }), "exit");
  const took = performance.now() - began;
  rmSync(file);
  if (code !== 0) throw new Error("the baseline's pipe failed");
  return took / 1000;
}

/** The worker has capacity 1. The file of the baseline lies where the backing logs do. */
export async function logThroughput(worker: BenchWorker, way: string, { short }: Options): Promise<Row> {
  const megabytes = short ? 64 : 256;
  const file = join(worker.helper.agent.home, "bench", "pipe.log");
  const { ours, baseline } = await takeTurns(
    short ? 3 : 9,
    async () => {
      await warmUser(worker);
      return task(worker, megabytes);
    },
    async () => {
      await warmUser(worker);
      return pipe(file, megabytes);
    },
  );
  const speed = (seconds: number): number => (megabytes * 1024 ** 2) / 1e6 / seconds;
  const [figure, piped] = [median(ours.map(speed)), median(baseline.map(speed))];
  progress(`log, ${way}: ${figure.toFixed(0)} MB/s, pipe ${piped.toFixed(0)} MB/s`);
  return {
    measure: `stdout → backing log, ${way}`,
    unit: "MB/s",
    figure,
    baseline: { what: "cmd | cat > file", figure: piped },
    target: { of: "ratio", bound: "least", value: 0.5 },
    detail: { runs: ours.length, megabytes, ours: ours.map(speed), pipe: baseline.map(speed) },
  };
}
