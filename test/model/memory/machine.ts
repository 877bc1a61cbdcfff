/** The machine that a sequence in memory runs on. The modules that stand in for Node's and for spawn.ts find it here. */
import { Clock } from "./clock.ts";
import { AccountDirectory } from "./directory.ts";
import { Faults } from "./faults.ts";
import { Files } from "./files.ts";
import { Kernel } from "./kernel.ts";
import { Lives } from "./lives.ts";
import { LogFiles } from "./log-files.ts";
import { Network } from "./network.ts";
import { checkCommand, type Recorded } from "./root-commands.ts";

/** A small generator of numbers, so that a seed repeats a run. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Machine {
  readonly clock = new Clock();
  readonly faults = new Faults();
  readonly files: Files;
  readonly kernel: Kernel;
  readonly lives: Lives;
  readonly logs: LogFiles;
  readonly network: Network;
  readonly directory: AccountDirectory;
  /** What root must never do, as sentences. */
  readonly violations: string[] = [];
  readonly uidRange: readonly [number, number];
  readonly #random: () => number;
  #found: Recorded | undefined;

  constructor(seed: number, uidRange: readonly [number, number], maxUsers: number) {
    this.#random = generator(seed);
    this.uidRange = uidRange;
    this.files = new Files(this);
    this.kernel = new Kernel(this);
    this.lives = new Lives(this, maxUsers);
    this.logs = new LogFiles(this);
    this.network = new Network();
    this.directory = new AccountDirectory(this);
  }

  /** A whole number from 0 to `below` - 1. */
  random(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** For a tool of root's to take its time. */
  latency(): Promise<void> {
    return this.clock.wait(1 + this.random(12));
  }

  violation(text: string): void {
    this.violations.push(text);
  }

  /** Every command line that root gives to dscl or to another tool is looked at before it has an effect. */
  checkCommand(file: string, args: readonly string[]): void {
    const recorded = (name: string, anew: boolean): Recorded | undefined => this.#recorded(name, anew);
    const wrong = checkCommand(file, args, this.uidRange, recorded, this.faults.met("journal-full") > 0);
    if (wrong) this.violation(`${wrong}: ${[file, ...args].join(" ")}`);
  }

  /** The journal's newest line of the name; the one that was found last, unless it is to be read anew. */
  #recorded(name: string, anew: boolean): Recorded | undefined {
    if (anew || this.#found?.name !== name) this.#found = this.logs.newest(name);
    return this.#found;
  }
}

let current: Machine | undefined;

export function useMachine(machine: Machine): void {
  current = machine;
}

export function theMachine(): Machine {
  if (!current) throw new Error("no sequence is running");
  return current;
}
