/** The worker of a soak: the launcher with a helper of its own, started again whenever it has ended. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { placesOf } from "../../helper/places.ts";
import { eventually } from "../helper/wait.ts";
import { Launched } from "../stories/launched.ts";
import { soakFolder } from "./machine.ts";

/** A helper that follows a killed one first ends what is left, and the machine is busy. */
const readyMs = 120_000;

export type Program = "helper" | "agent";

/** What told.ts says of a process. */
export interface Told {
  /** Kinds of open handles, timers and requests, one for each. */
  readonly resources: readonly string[];
  /** After a collection, without compiled code. */
  readonly heapBytes: number;
}

export interface SoakWorkerOptions {
  /** The checkout that it runs from. */
  readonly root: string;
  /** worker.yml. */
  readonly settings: object;
  /** The place and the credentials of the queue. */
  readonly env: Readonly<Record<string, string>>;
}

function toldIn(lines: readonly string[]): Told[] {
  return lines.filter((line) => line.startsWith('{"level":"debug","soak":')).map((line) => JSON.parse(line).soak);
}

export class SoakWorker {
  readonly #options: SoakWorkerOptions;
  readonly #config = join(soakFolder, "worker.yml");
  readonly #past: Launched[] = [];
  #now: Launched;
  /** The one that has been told or forced to end. */
  #doomed: Launched | null = null;
  #ending = false;
  readonly #running: Promise<void>;
  /** When an agent was killed, in milliseconds since 1970; with its starter, too. */
  readonly kills: number[] = [];
  /** Exit statuses of those that have ended, the last one last; null after a signal. */
  readonly statuses: (number | null)[] = [];

  constructor(options: SoakWorkerOptions) {
    this.#options = options;
    writeFileSync(this.#config, JSON.stringify(options.settings), { mode: 0o600 });
    this.#now = this.#launch();
    this.#running = this.#keepRunning();
  }

  #launch(): Launched {
    const argv = ["work", "macosx", "--with-helper", "--config", this.#config];
    const { root, env } = this.#options;
    return new Launched(argv, { root, env });
  }

  async #keepRunning(): Promise<void> {
    for (;;) {
      this.statuses.push(await this.#now.end());
      if (this.#ending) return;
      if (this.#isUseless()) throw new Error(`the worker does not come up: ${this.#now.stderr.join("; ")}`);
      this.#past.push(this.#now);
      this.#now = this.#launch();
    }
  }

  /** Ended by itself before it had claimed anything, as the ones before it: something of the soak itself is wrong. */
  #isUseless(): boolean {
    const hasStarted = ({ stderr }: Launched) => stderr.some((line) => line.includes('"msg":"The worker starts."'));
    return this.#past.length > 3 && ![...this.#past.slice(-3), this.#now].some(hasStarted);
  }

  /** NaN for one that is not there at this moment. */
  pids(): Readonly<Record<"starter" | Program, number>> {
    return { starter: this.#now.pid, ...this.#now.processes() };
  }

  /** A signal to one of its processes. False when that one is not there at this moment. */
  signal(which: "starter" | Program, signal: NodeJS.Signals): boolean {
    const pid = this.pids()[which];
    if (!(pid > 1)) return false;
    try {
      process.kill(pid, signal);
      if (which !== "helper" && signal !== "SIGUSR2") this.#doomed = this.#now;
      if (which !== "helper" && signal === "SIGKILL") this.kills.push(Date.now());
      return true;
    } catch {
      return false;
    }
  }

  #said(which: Program): readonly string[] {
    if (which === "agent") return this.#now.stderr;
    const start = this.#now.stderr.find((line) => line.includes('"msg":"The worker starts."')) ?? "{}";
    const { instance = "" }: { instance?: string } = JSON.parse(start);
    // What follows the last line's end may be half a line.
    return readFileSync(`${placesOf(instance).logs}/helper.log`, "utf8")
      .split("\n")
      .slice(0, -1);
  }

  /** What a process has open. */
  async told(which: Program): Promise<Told> {
    const before = toldIn(this.#said(which)).length;
    this.signal(which, "SIGUSR2");
    await eventually(() => toldIn(this.#said(which)).length > before, `the ${which} has told of itself`);
    const told = toldIn(this.#said(which)).at(-1);
    if (!told) throw new Error(`the ${which} tells nothing`);
    return told;
  }

  /** Resolves when the newest worker can claim tasks. */
  async ready(): Promise<void> {
    const hasBegun = () => this.#now.stderr.some((line) => line.includes('"eventType":"workerReady"'));
    const isReady = () => this.#now !== this.#doomed && hasBegun() && this.pids().helper > 1;
    await eventually(isReady, "the worker is ready", readyMs);
  }

  /** Lines of the agents' logs at warn and above, and what is no line of a log, the newest last. */
  complaints(): string[] {
    return [...this.#past, this.#now].flatMap(({ stderr }) =>
      stderr.filter((line) => !/^(\{"level":"(trace|debug|info)",|WORKER_METRICS )/.test(line)),
    );
  }

  /** Lets the tasks under way finish, and ends it. Resolves to its exit status. */
  async stop(): Promise<number | null> {
    this.#ending = true;
    this.#now.signal("SIGTERM");
    await this.#running;
    return this.statuses.at(-1) ?? null;
  }
}
