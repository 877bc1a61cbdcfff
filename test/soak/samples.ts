/** Memory and descriptors of the worker's two processes while tasks come and go. */
import { readdirSync, readFileSync } from "node:fs";

export interface Slope {
  readonly process: string;
  readonly samples: number;
  readonly firstMegabytes: number;
  readonly lastMegabytes: number;
  /** By least squares. */
  readonly kilobytesPer1000Tasks: number;
  readonly firstDescriptors: number;
  readonly lastDescriptors: number;
}

interface Sample {
  readonly tasks: number;
  readonly bytes: number;
  readonly descriptors: number;
}

/** A process grows into its size during its first tasks. */
const warmUpTasks = 50;
const fewest = 5;

function slopeOf(samples: readonly Sample[]): number {
  const mean = (value: (sample: Sample) => number) =>
    samples.reduce((sum, each) => sum + value(each), 0) / samples.length;
  const [x, y] = [mean(({ tasks }) => tasks), mean(({ bytes }) => bytes)];
  const over = samples.reduce((sum, { tasks, bytes }) => sum + (tasks - x) * (bytes - y), 0);
  return over / samples.reduce((sum, { tasks }) => sum + (tasks - x) ** 2, 0);
}

export class Samples {
  readonly #of = new Map<string, Sample[]>();

  /** `tasks` have been resolved since the start of the soak. A process that has just ended gives none. */
  take(name: string, pid: number, tasks: number): void {
    try {
      const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      const descriptors = readdirSync(`/proc/${pid}/fd`).length;
      const samples = this.#of.get(`${name} ${pid}`) ?? [];
      samples.push({ tasks, bytes: kilobytes * 1024, descriptors });
      this.#of.set(`${name} ${pid}`, samples);
    } catch {
      // It has ended between the look at its parent and this one.
    }
  }

  /** Of each process that has lived for long enough. */
  slopes(): Slope[] {
    return [...this.#of].flatMap(([process, all]) => {
      const begun = all[0]?.tasks ?? 0;
      const samples = all.filter(({ tasks }) => tasks >= begun + warmUpTasks);
      const [first, last] = [samples[0], samples.at(-1)];
      if (!first || !last || samples.length < fewest) return [];
      return {
        ...{ process, samples: samples.length },
        firstMegabytes: Math.round(first.bytes / 1e6),
        lastMegabytes: Math.round(last.bytes / 1e6),
        kilobytesPer1000Tasks: Math.round(slopeOf(samples)),
        ...{ firstDescriptors: first.descriptors, lastDescriptors: last.descriptors },
      };
    });
  }
}
