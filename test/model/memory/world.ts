/** One sequence against the helper's session, table, tickets, listener and journal, in this process, in memory. */
import { makeHelper, publish } from "../../../helper/helper.ts";
import { Listener } from "../../../helper/listen.ts";
import { Deviation, type Eyes } from "../eyes.ts";
import { Player } from "../player.ts";
import { Reference } from "../reference.ts";
import type { Sequence, Step } from "../steps.ts";
import type { Tally } from "../tally.ts";
import { accountFor, before } from "./account-for.ts";
import { Machine, useMachine } from "./machine.ts";
import { MemoryWire } from "./wire.ts";

const firstUid = 5500;
/** In the smaller ones uids come again soon, in the smallest there are none left sooner than maxUsers live. */
const rangeSizes = [12, 12, 6, 4] as const;
const maxUsers = 4;
/** Longer than everything that the helper waits for, one after another. */
const patienceMs = 30 * 60_000;

const configFor = (uidRange: readonly [number, number]) => ({
  ...{ uidRange, maxUsers, maxParked: 0, reuse: false, graphical: false, sessionUser: "", shareAgentSession: false },
  ...{
    maxGraphical: 1,
    launchctl: "",
    limits: { processes: 2000, files: 4096 },
    umask: "0022",
    tasksDir: "/home",
    dscl: "/usr/bin/dscl",
  },
});

let running: Machine | undefined;
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    running?.violation(`the helper would have ended: ${error instanceof Error ? error.stack : error}`);
  });
}

function eyesOn(machine: Machine): Eyes {
  const { clock, directory, faults, files, kernel, lives, logs } = machine;
  return {
    exact: true,
    now: () => clock.now,
    met: () => faults.all,
    account: (name) => {
      const uid = directory.read("Users", name)?.get("UniqueID")?.[0];
      return uid === undefined ? undefined : Number(uid);
    },
    alive: (uid) => kernel.aliveOf(uid),
    isAlive: (pid) => kernel.isAlive(pid),
    hasHome: (name) => files.exists(`/home/${name}/home`),
    recorded: (name) => logs.newest(name)?.state,
    freeUids: () => {
      const [taken, { unused, resting }] = [directory.ids(), lives.free()];
      return [...unused.filter((uid) => !taken.has(uid)), ...resting];
    },
    live: () => lives.living.length,
    groupSignals: () => kernel.groupSignals,
  };
}

export class MemoryWorld {
  readonly machine: Machine;
  readonly player: Player;
  readonly #wire: MemoryWire;
  readonly #reference: Reference;
  readonly #helper: ReturnType<typeof makeHelper>;
  readonly #listener: Listener;
  readonly #before: ReturnType<typeof before>;

  constructor(seed: number, tally: Tally) {
    const uidRange = [firstUid, firstUid + (rangeSizes[seed % rangeSizes.length] ?? 1) - 1] as const;
    const machine = new Machine(seed, uidRange, maxUsers);
    this.machine = machine;
    running = machine;
    useMachine(machine);
    machine.files.mkdir("/state");
    this.#before = before(machine);
    const { folder } = machine.logs;
    const places = {
      ...{ state: "/state", private: folder, logs: folder, status: "/state/status.json" },
      ...{ runParent: "/run/taskcluster-worker", socketDir: "/run/taskcluster-worker/model" },
      socket: "/run/taskcluster-worker/model/helper.sock",
    };
    this.#helper = makeHelper("model", places, configFor(uidRange));
    this.#listener = new Listener(this.#helper);
    this.#reference = new Reference(eyesOn(machine), maxUsers, tally);
    machine.kernel.mayKill = (uid) => this.#reference.mayKill(uid);
    this.#wire = new MemoryWire(machine, () => this.#look());
    this.player = new Player(this.#wire, this.#reference, tally, (command) => [command]);
  }

  #look(): void {
    const [violation] = this.machine.violations;
    if (violation) throw new Deviation(violation);
    this.#reference.settled();
  }

  #advance(ms: number, stop?: () => boolean): Promise<void> {
    return this.machine.clock.advance(ms, () => this.#wire.look(), stop);
  }

  async #step(step: Step): Promise<void> {
    const { directory, faults } = this.machine;
    if (await this.player.play(step)) return;
    this.player.note(() => JSON.stringify(step));
    if (step.do === "wait") await this.#advance(step.ms);
    else if (step.do === "finish") await this.#advance(patienceMs, () => this.#reference.waiting === 0);
    else if (step.do === "fault") faults.arm(step.kind, step.after, step.times);
    else if (step.do === "tcc") directory.tcc = step.on;
    else if (step.do === "uids") directory.enforcesUids = step.on;
    else if (step.do === "replace") this.#replace(step.user);
  }

  #replace(at: number): void {
    const { directory, faults } = this.machine;
    // While a record is made or deleted nothing could keep a change of somebody else's apart: dscl cannot compare.
    const still = [...this.#helper.journal.users.values()].filter(
      ({ state }) => state === "ready" || state === "resting",
    );
    const ours = still.filter(({ name }) => directory.taskNames("Users").includes(name));
    const user = ours[at % Math.max(1, ours.length)];
    if (user === undefined) return;
    faults.meet("replaced");
    const UniqueID = [at % 2 === 0 ? `${user.uid}` : "501"];
    directory.addForeign("Users", user.name, { UniqueID, RealName: ["A person of that name"] });
  }

  async play({ steps, stop }: Sequence): Promise<void> {
    await this.#listener.listen(4900);
    publish(this.#helper);
    for (const step of steps) await this.#step(step);
    let ended = !stop;
    if (stop) {
      this.player.note(() => "the helper is told to end");
      this.#reference.stop();
      void this.#listener.close().then(() => {
        ended = true;
      });
    } else for (const each of this.#reference.connections) if (each.role !== "closed") this.player.close(each, false);
    await this.#wire.settle();
    const over = (): boolean => ended && this.machine.clock.idle;
    await this.#advance(patienceMs, over);
    this.player.note(() => "the end");
    if (!ended) throw new Deviation("the helper does not end");
    if (stop) publish(this.#helper);
    accountFor(this.machine, this.#helper, this.#before, this.#reference.refused);
  }

  remove(): void {
    this.machine.logs.remove();
  }
}
