/** What goes wrong during a soak, and when: after how many resolved tasks, by the numbers of its seed. */
import type { FaultPlan } from "../../agent/local/queue.ts";
import type { Random } from "../fuzz/random.ts";
import type { SoakWorker } from "./soak-worker.ts";

export interface Fault {
  readonly name: string;
  /** Resolved tasks, of the whole soak. */
  readonly at: number;
  strike(worker: SoakWorker, plan: FaultPlan): void;
}

const methods = ["claimWork", "reclaimTask", "reportCompleted", "reportFailed", "reportException", "createArtifact"];

/** Of the network: they come to the end, and nobody must notice. */
const network: Readonly<Record<string, (random: Random) => Fault["strike"]>> = {
  "the queue answers 503": (random) => {
    const [method, times] = [random.pick(methods), 1 + random.below(4)];
    return (_, plan) => Object.assign(plan, { status503: { method, times } });
  },
  "answers of the queue are lost": (random) => {
    const [method, times] = [random.pick(methods), 1 + random.below(2)];
    return (_, plan) => Object.assign(plan, { dropResponse: { method, times } });
  },
  "the queue is slow": (random) => {
    const delayMs = random.below(400);
    return (_, plan) => Object.assign(plan, { delayMs });
  },
  "the queue is quick again": () => (_, plan) => Object.assign(plan, { delayMs: 0 }),
};

/** Of the processes. The worker that follows begins anew. */
const signals: Readonly<Record<string, Fault["strike"]>> = {
  "the agent is killed": (worker) => worker.signal("agent", "SIGKILL"),
  "the helper is killed": (worker) => worker.signal("helper", "SIGKILL"),
  "both are killed": (worker) => {
    worker.signal("agent", "SIGKILL");
    worker.signal("helper", "SIGKILL");
  },
  "the starter is killed": (worker) => worker.signal("starter", "SIGKILL"),
  "the worker is asked to drain": (worker) => worker.signal("starter", "SIGTERM"),
  "the worker is interrupted": (worker) => worker.signal("starter", "SIGINT"),
};

/** The first half of a soak has both kinds; the second has the network's alone, so that processes live long enough to be measured. */
export function planFaults(random: Random, tasks: number): Fault[] {
  const faults: Fault[] = [];
  const add = (name: string, at: number, strike: Fault["strike"]) => faults.push({ name, at, strike });
  for (let at = 5 + random.below(10); at < tasks; at += 5 + random.below(20)) {
    const name = random.pick(Object.keys(network));
    const strike = network[name]?.(random);
    if (strike) add(name, at, strike);
  }
  for (let at = 10 + random.below(10); at < tasks / 2; at += 20 + random.below(30)) {
    const name = random.pick(Object.keys(signals));
    const strike = signals[name];
    if (strike) add(name, at, strike);
  }
  return faults.sort((a, b) => a.at - b.at);
}
