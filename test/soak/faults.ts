/** What goes wrong during a soak, and when: after how many resolved tasks, by the numbers of its seed. */
import type { FaultPlan } from "../../agent/local/queue.ts";
import type { Random } from "../fuzz/random.ts";
import type { Machine } from "./machine.ts";
import type { Program, SoakWorker } from "./soak-worker.ts";

/** What can be struck. */
export interface Struck {
  readonly worker: SoakWorker;
  readonly plan: FaultPlan;
  readonly machine: Machine;
}

type Strike = (struck: Struck) => void;

export interface Fault {
  readonly name: string;
  /** Resolved tasks, of the whole soak. */
  readonly at: number;
  /** Milliseconds from then, so that not every fault meets the end of a task. */
  readonly afterMs: number;
  readonly strike: Strike;
}

const methods = ["claimWork", "reclaimTask", "reportCompleted", "reportFailed", "reportException", "createArtifact"];
const longestDelayMs = 1_500;

/** They come to the end, and nobody must notice. */
const network: Readonly<Record<string, (random: Random) => Strike>> = {
  "the queue answers 503": (random) => {
    const [method, times] = [random.pick(methods), 1 + random.below(4)];
    return ({ plan }) => Object.assign(plan, { status503: { method, times } });
  },
  "answers of the queue are lost": (random) => {
    const [method, times] = [random.pick(methods), 1 + random.below(2)];
    return ({ plan }) => Object.assign(plan, { dropResponse: { method, times } });
  },
  "the queue is slow": (random) => {
    const delayMs = random.below(400);
    return ({ plan }) => Object.assign(plan, { delayMs });
  },
  "the queue is quick again":
    () =>
    ({ plan }) =>
      Object.assign(plan, { delayMs: 0 }),
};

/** Tasks of that time may end for the lack of room, and none after it. */
const disks: Readonly<Record<string, (random: Random) => Strike>> = {
  "the agent's disk is full": (random) => {
    const [bytes, ms] = [random.pick([0, 100_000, 2_000_000]), 100 + random.below(2_000)];
    return ({ machine }) => machine.agentDisk.fill(bytes, ms);
  },
  "the agent's disk takes no more files": (random) => {
    const [files, ms] = [random.below(20), 100 + random.below(2_000)];
    return ({ machine }) => machine.agentDisk.fillFiles(files, ms);
  },
  "the disk of the homes is full": (random) => {
    const [bytes, ms] = [random.pick([0, 100_000, 2_000_000]), 100 + random.below(2_000)];
    return ({ machine }) => machine.homesDisk.fill(bytes, ms);
  },
  "the disk of the homes takes no more files": (random) => {
    const [files, ms] = [random.below(20), 100 + random.below(2_000)];
    return ({ machine }) => machine.homesDisk.fillFiles(files, ms);
  },
};

const send =
  (signal: NodeJS.Signals, ...to: readonly ("starter" | Program)[]) =>
  (): Strike =>
  ({ worker }) => {
    for (const each of to) worker.signal(each, signal);
  };

/** The worker that follows begins anew. */
const signals: Readonly<Record<string, () => Strike>> = {
  "the agent is killed": send("SIGKILL", "agent"),
  "the agent is asked to end": send("SIGTERM", "agent"),
  "the helper is killed": send("SIGKILL", "helper"),
  "the helper is asked to end": send("SIGTERM", "helper"),
  "both are killed": send("SIGKILL", "agent", "helper"),
  "the starter is killed": send("SIGKILL", "starter"),
  "the worker is asked to drain": send("SIGTERM", "starter"),
  "the worker is interrupted": send("SIGINT", "starter"),
};

interface Kind {
  readonly of: Readonly<Record<string, (random: Random) => Strike>>;
  /** Tasks from one fault to the next. */
  readonly least: number;
  readonly most: number;
  readonly until: number;
}

/** Of the network and of the disks to the end; of the processes only among the first `rough` tasks. */
export function planFaults(random: Random, tasks: number, rough: number): Fault[] {
  const kinds: readonly Kind[] = [
    { of: network, least: 5, most: 25, until: tasks },
    { of: disks, least: 10, most: 50, until: tasks },
    { of: signals, least: 8, most: 35, until: rough },
  ];
  const faults = kinds.flatMap(({ of, least, most, until }) => {
    const step = () => least + random.below(most - least);
    const planned: Fault[] = [];
    for (let at = step(); at < until; at += step()) {
      const name = random.pick(Object.keys(of));
      const afterMs = random.below(longestDelayMs);
      const strike = of[name]?.(random);
      if (strike) planned.push({ name, at, afterMs, strike });
    }
    return planned;
  });
  return faults.sort((a, b) => a.at - b.at);
}
