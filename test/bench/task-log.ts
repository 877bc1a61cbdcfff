/** A task that prints a lot: from its stdout to the backing log, beside the same through `cmd | cat > file`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchWorker } from "./bench-worker.ts";
import { median, type Options, progress, type Row, takeTurns } from "./measure.ts";
import { warmUser } from "./warm-user.ts";

/** 64 KiB at a time, as fast as the reader takes it; lines of text, as logs are. With `signal` once that file is there. */
export function printing(megabytes: number, signal?: string): string[] {
  const line = "0123456789 0123456789 0123456789 0123456789 0123456789 012345678";
  const wait = signal === undefined ? "" : `until [[ -e ${signal} ]]; do sleep 0.01; done; `;
  return ["/bin/bash", "-c", `${wait}yes '${line}' | dd bs=64k iflag=fullblock count=${megabytes * 16} 2>/dev/null`];
}

/**
 * Seconds from the signal to the last byte in the file. The next task user is made while a task begins; here that is over
 * before anything is printed, as it is in most of a long log.
 */
async function task(worker: BenchWorker, megabytes: number): Promise<number> {
  const uid = await warmUser(worker);
  const signal = join(tmpdir(), `taskcluster-worker-bench-${process.pid}`);
  const taskId = await worker.createTask(printing(megabytes, signal));
  const [output, gone] = [worker.event(taskId, "output"), worker.event(taskId, "gone")];
  await worker.event(taskId, "started");
  await warmUser(worker, [uid]);
  const began = performance.timeOrigin + performance.now();
  writeFileSync(signal, "");
  const { bytes, origin, lastAt } = await output;
  rmSync(signal);
  await gone;
  if (bytes !== megabytes * 1024 ** 2) throw new Error(`the log has ${bytes} bytes of the task`);
  return (origin + lastAt - began) / 1000;
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
    () => task(worker, megabytes),
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
