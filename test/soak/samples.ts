/** Resident memory of the worker's two processes while tasks come and go, and whether it grows. */
import { readFileSync } from "node:fs";

export interface Slope {
  readonly process: string;
  readonly samples: number;
  /** Resolved between the first sample and the last. */
  readonly tasks: number;
  readonly firstMegabytes: number;
  readonly lastMegabytes: number;
  /** By least squares. */
  readonly kilobytesPer1000Tasks: number;
  /** The standard error of that. */
  readonly give: number;
}

interface Sample {
  readonly tasks: number;
  readonly kilobytes: number;
}

const fewest = 5;

/** The slope of a line through the samples and its standard error, in kB for each task. */
export function slopeOf(samples: readonly Sample[]): { slope: number; error: number } {
  const mean = (value: (sample: Sample) => number) =>
    samples.reduce((sum, each) => sum + value(each), 0) / samples.length;
  const [x, y] = [mean(({ tasks }) => tasks), mean(({ kilobytes }) => kilobytes)];
  const spread = samples.reduce((sum, { tasks }) => sum + (tasks - x) ** 2, 0);
  const slope = samples.reduce((sum, { tasks, kilobytes }) => sum + (tasks - x) * (kilobytes - y), 0) / spread;
  const off = samples.reduce((sum, { tasks, kilobytes }) => sum + (kilobytes - y - slope * (tasks - x)) ** 2, 0);
  return { slope, error: Math.sqrt(off / (samples.length - 2) / spread) };
}

/** Fewer say nothing: the processes still grow into their size. */
export const tasksToJudge = 500;
const mostKilobytesPer1000Tasks = 3_000;

/** A sentence when the process grows beyond doubt, and none when it does not or has not lived long enough. */
export function growth({ process, tasks, kilobytesPer1000Tasks, give }: Slope): string[] {
  const surely = kilobytesPer1000Tasks - 2 * give;
  if (tasks < tasksToJudge || surely <= mostKilobytesPer1000Tasks) return [];
  return [`${process} grows: ${kilobytesPer1000Tasks} ± ${give} kB per 1,000 tasks`];
}

export class Samples {
  readonly #of = new Map<string, Sample[]>();

  /** `tasks` have been resolved since the start of the soak. A process that has just ended gives none. */
  take(name: string, pid: number, tasks: number): void {
    try {
      const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      const key = `${name} ${pid}`;
      this.#of.set(key, [...(this.#of.get(key) ?? []), { tasks, kilobytes }]);
    } catch {
      // It has ended between the look at its parent and this one.
    }
  }

  /** Of each process that has lived for long enough after its first `warmUp` tasks, in which it grows into its size. */
  slopes(warmUp: number): Slope[] {
    return [...this.#of].flatMap(([process, all]) => {
      const begun = all[0]?.tasks ?? 0;
      const samples = all.filter(({ tasks }) => tasks >= begun + warmUp);
      const [first, last] = [samples[0], samples.at(-1)];
      if (!first || !last || samples.length < fewest) return [];
      const { slope, error } = slopeOf(samples);
      return {
        ...{ process, samples: samples.length, tasks: last.tasks - first.tasks },
        firstMegabytes: Math.round(first.kilobytes / 1024),
        lastMegabytes: Math.round(last.kilobytes / 1024),
        kilobytesPer1000Tasks: Math.round(slope * 1000),
        give: Math.round(error * 1000),
      };
    });
  }
}
