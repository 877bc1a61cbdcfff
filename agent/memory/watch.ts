/**
 * Watches the machine's memory for all tasks together, as long as there is one. When memory is short for too long, the
 * task whose user has most of it is the one to pay: the others, which share the machine with it, go on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentConfig } from "../config.ts";
import { type Memory, type MemorySource, thisMachine } from "./machine.ts";
import { MemoryUsage } from "./usage.ts";

export type MemoryLimits = Pick<
  AgentConfig,
  "maxMemoryUsagePercent" | "minAvailableMemoryBytes" | "allowedHighMemoryDurationSecs"
>;

/** On a Mac each sample is a process; to list all processes costs more, and is done less often. */
const SAMPLE_MS = 1000;
const SAMPLES_PER_LIST = 5;

/** One task that is watched. */
interface Watched {
  readonly uid: number;
  readonly limits: MemoryLimits;
  readonly short: () => void;
  readonly usages: Set<MemoryUsage>;
}

export interface MemoryShare {
  /** Begins a new count, which `end` of the answer ends. */
  measure(): { end(): MemoryUsage };
  /** Any number of calls. */
  stop(): void;
}

export class MemoryWatch {
  readonly #source: MemorySource;
  readonly #sampleMs: number;
  readonly #watched = new Set<Watched>();
  #isLooking = false;
  /** When memory became short, on the clock of `performance`; null while it is not. */
  #shortSince: number | null = null;

  constructor(source: MemorySource = thisMachine, sampleMs = SAMPLE_MS) {
    this.#source = source;
    this.#sampleMs = sampleMs;
  }

  /**
   * The limits are the worker's, the same for every task. `short` is called each time that memory was short for too long
   * and this task's user had most of it.
   */
  watch(uid: number, limits: MemoryLimits, short: () => void): MemoryShare {
    const watched: Watched = { uid, limits, short, usages: new Set() };
    this.#watched.add(watched);
    void this.#look();
    return {
      measure: () => {
        const usage = new MemoryUsage();
        watched.usages.add(usage);
        return {
          end: () => {
            watched.usages.delete(usage);
            return usage;
          },
        };
      },
      stop: () => void this.#watched.delete(watched),
    };
  }

  /** Never rejects: a machine that does not answer is asked again. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#shortSince = null;
    for (let n = 0; this.#watched.size > 0; n += 1) {
      await this.#sample(n % SAMPLES_PER_LIST === 0).catch(() => undefined);
      await sleep(this.#sampleMs, undefined, { ref: false });
    }
    this.#isLooking = false;
  }

  async #sample(lists: boolean): Promise<void> {
    const memory = await this.#source.machine();
    if (!memory) return;
    for (const { usages } of this.#watched) for (const usage of usages) usage.add(memory);
    const isShort = this.#isShortForTooLong(memory);
    if (!lists && !isShort) return;
    const byUid = await this.#source.byUid();
    // Without a list it could be anybody's doing.
    if (!byUid) return;
    const own = ({ uid }: Watched) => byUid.get(uid) ?? 0;
    for (const each of this.#watched) for (const usage of each.usages) usage.addOwn(own(each));
    const [most] = [...this.#watched].sort((one, other) => own(other) - own(one));
    if (isShort && most && own(most) > 0) most.short();
  }

  /** True at most once for each time that memory may be short: what is done about it takes a while, too. */
  #isShortForTooLong({ totalBytes, availableBytes }: Memory): boolean {
    const [first] = this.#watched;
    if (!first) return false;
    const { maxMemoryUsagePercent, minAvailableMemoryBytes, allowedHighMemoryDurationSecs } = first.limits;
    const usedPercent = (100 * (totalBytes - availableBytes)) / totalBytes;
    if (usedPercent <= maxMemoryUsagePercent || availableBytes >= minAvailableMemoryBytes) {
      this.#shortSince = null;
      return false;
    }
    const now = performance.now();
    this.#shortSince ??= now;
    if (now - this.#shortSince <= allowedHighMemoryDurationSecs * 1000) return false;
    this.#shortSince = now;
    return true;
  }
}
