/** Processes in memory: fork, exit and signals. Their pids are larger than any that Linux or macOS gives. */
import type { Machine } from "./machine.ts";

/** Linux has at most 4,194,304 and macOS 99,999: a signal that went astray would meet nobody. */
const firstPid = 10_000_000;

/** What a command does. `deaf` ignores what can be ignored; `forks` has children; `daemon` leaves one in another group. */
export type Behaviour = "ends" | "fails" | "missing" | "sleeps" | "deaf" | "forks" | "daemon" | "dodges" | "litters";

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Process {
  readonly pid: number;
  readonly uid: number;
  readonly group: number;
  readonly behaviour: Behaviour;
  state: "running" | "stopped" | "dead";
  /** Set while the kernel waits for a disk: SIGKILL has no effect until this time. */
  deathlessUntil: number;
  readonly ended: (how: Ended) => void;
  /** What it will do when it is let go on. */
  readonly held: (() => void)[];
}

export class Kernel {
  readonly #machine: Machine;
  readonly #alive = new Map<number, Process>();
  #pid = firstPid;
  /** Process groups that were signalled, in order. */
  readonly groupSignals: string[] = [];
  /** Whether processes of a uid may be killed now; asked at each signal to a single process. */
  mayKill: (uid: number) => boolean = () => false;

  constructor(machine: Machine) {
    this.#machine = machine;
    for (const uid of [0, 0, 501, 4900, 99]) this.start(uid, "sleeps", () => {});
  }

  start(uid: number, behaviour: Behaviour, ended: Process["ended"], group?: number): Process {
    this.#pid += 1;
    const deathlessUntil =
      uid !== 0 && this.#inRange(uid) && this.#machine.faults.strikes("deathless") ? this.#later() : 0;
    const own = { pid: this.#pid, group: group ?? this.#pid, uid, behaviour, ended, deathlessUntil };
    const process: Process = { ...own, state: "running", held: [] };
    this.#alive.set(process.pid, process);
    this.#live(process);
    return process;
  }

  #inRange(uid: number): boolean {
    const [first, last] = this.#machine.uidRange;
    return uid >= first && uid <= last;
  }

  #later(): number {
    return this.#machine.clock.now + (this.#machine.random(2) === 0 ? 3_000 : 40_000);
  }

  aliveOf(uid: number): number {
    return [...this.#alive.values()].filter((process) => process.uid === uid).length;
  }

  isAlive(pid: number): boolean {
    return this.#alive.has(pid);
  }

  /** Pids of processes outside the task range. */
  foreign(): number[] {
    return [...this.#alive.values()].filter(({ uid }) => !this.#inRange(uid)).map(({ pid }) => pid);
  }

  /** What `ps -axo pid=,uid=,ruid=,svuid=,stat=` prints. */
  list(): string {
    const rows = [...this.#alive.values()].map(({ pid, uid, state }) => {
      const ids = `${uid} ${uid} ${uid}`.replaceAll(" ", "   ");
      return `${pid}   ${ids} ${state === "stopped" ? "Ts" : "Ss"}\n`;
    });
    const helper = `${process.pid}     0     0     0 Ssl\n`;
    return `    1     0     0     0 Ss\n${helper}${rows.join("")}    2     0     0     0 Z+\n`;
  }

  /** Stands in for process.kill. */
  kill(target: number, signal: string): true {
    const processes = [...this.#alive.values()].filter(({ pid, group }) =>
      target < 0 ? group === -target : pid === target,
    );
    if (!Number.isInteger(target) || Math.abs(target) < firstPid) this.#machine.violation(`signals ${target}`);
    if (processes.length === 0) throw Object.assign(new Error("ESRCH"), { code: "ESRCH" });
    if (target < 0) this.groupSignals.push(`${signal} ${-target}`);
    for (const process of processes) {
      if (!this.#inRange(process.uid)) this.#machine.violation(`sends ${signal} to a process of uid ${process.uid}`);
      else if (target > 0 && !this.mayKill(process.uid))
        this.#machine.violation(`sends ${signal} to a process of uid ${process.uid}, which is not to be killed`);
      this.#deliver(process, signal);
    }
    return true;
  }

  /** Stands in for `kill -KILL -1` as that user. */
  killUser(uid: number): void {
    for (const process of [...this.#alive.values()]) if (process.uid === uid) this.#deliver(process, "SIGKILL");
  }

  #deliver(process: Process, signal: string): void {
    if (signal === "SIGSTOP") process.state = "stopped";
    else if (signal === "SIGCONT") this.#continue(process);
    else if (signal === "SIGKILL" && process.deathlessUntil <= this.#machine.clock.now)
      this.#end(process, { code: null, signal: "SIGKILL" });
    else if (signal !== "SIGKILL" && process.behaviour !== "deaf" && process.state === "running")
      this.#end(process, { code: 143, signal: null });
  }

  #end(process: Process, how: Ended): void {
    if (!this.#alive.delete(process.pid)) return;
    process.state = "dead";
    process.ended(how);
  }

  /** Runs `then` in so many milliseconds, if the process lives; when it is let go on, if it is stopped. */
  #after(process: Process, ms: number, then: () => void): void {
    this.#machine.clock.after(ms, () => {
      if (process.state === "running") then();
      else if (process.state === "stopped") process.held.push(then);
    });
  }

  #continue(process: Process): void {
    process.state = "running";
    for (const then of process.held.splice(0)) this.#after(process, 0, then);
  }

  #live(process: Process): void {
    const { uid, group, behaviour, pid } = process;
    const child = (of: Behaviour, its: number | undefined): Process => this.start(uid, of, () => {}, its);
    const exit = (code: number | null): void => this.#end(process, { code, signal: null });
    if (behaviour === "ends") this.#after(process, 5, () => exit(0));
    else if (behaviour === "fails") this.#after(process, 8, () => exit(3));
    else if (behaviour === "missing") this.#after(process, 2, () => exit(null));
    else if (behaviour === "forks") for (const _ of [1, 2]) child("sleeps", group);
    else if (behaviour === "daemon") {
      child("deaf", undefined);
      this.#after(process, 10, () => exit(0));
    } else if (behaviour === "dodges" && pid % 64 !== 0) {
      // It forks and exits faster than two lists can follow, some dozens of times.
      this.#after(process, 4, () => {
        child("dodges", undefined);
        exit(0);
      });
    } else if (behaviour === "litters") {
      this.#machine.files.litter(uid);
      this.#after(process, 6, () => exit(0));
    }
  }
}
