/** What every measure needs: medians, samples that take turns with their baseline, and one row of the table. */

/** One line of the table. Figure and baseline have the same unit. */
export interface Row {
  readonly measure: string;
  readonly unit: "ms" | "MB" | "MB/s" | "tasks/min" | "files/s";
  readonly figure: number;
  /** What the baseline is, and its figure from this very run. */
  readonly baseline: { readonly what: string; readonly figure: number } | null;
  /** The bound is on the ratio to the baseline, or, with `of: "figure"`, on the figure itself. Null: only reported. */
  readonly target: { readonly of: "ratio" | "figure"; readonly bound: "most" | "least"; readonly value: number } | null;
  /** More figures behind this one, for --json. */
  readonly detail?: Readonly<Record<string, number | readonly number[]>>;
}

export interface Options {
  /** Fewer and smaller samples: to see that everything works, not to compare. */
  readonly short: boolean;
}

/** The middle of the samples; of two middles their mean. NaN without samples. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Linear between the two nearest samples; `part` from 0 to 1. NaN without samples. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [low = Number.NaN, high = low] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** Takes turns, because the machine changes while it is measured. Each side first goes once for nothing. */
export async function takeTurns<A, B>(
  rounds: number,
  ours: () => Promise<A>,
  baseline: () => Promise<B>,
): Promise<{ ours: A[]; baseline: B[] }> {
  const samples: { ours: A[]; baseline: B[] } = { ours: [], baseline: [] };
  await ours();
  await baseline();
  for (let round = 1; round <= rounds; round += 1) {
    samples.ours.push(await ours());
    samples.baseline.push(await baseline());
  }
  return samples;
}

/** Null without a baseline. */
export function ratioOf({ figure, baseline }: Row): number | null {
  return baseline ? figure / baseline.figure : null;
}

/** Null when there is no target. */
export function isReached(row: Row): boolean | null {
  if (!row.target) return null;
  const { of, bound, value } = row.target;
  const measured = of === "figure" ? row.figure : (ratioOf(row) ?? Number.NaN);
  return bound === "most" ? measured <= value : measured >= value;
}

/** One line on stderr, so that stdout holds nothing but the result. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
