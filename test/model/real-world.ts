/** Sequences against the real helper, as root, with real accounts and processes. */
import { existsSync, readFileSync } from "node:fs";
import { accountOf, accountsIn, processesOf } from "../helper/machine.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { eventually } from "../helper/wait.ts";
import { deny, type Eyes } from "./eyes.ts";
import { checkCommand } from "./memory/root-commands.ts";
import { filesLeft, type Others } from "./others.ts";
import { Player } from "./player.ts";
import { RealWire } from "./real-wire.ts";
import { Reference } from "./reference.ts";
import type { Sequence } from "./steps.ts";
import type { Tally } from "./tally.ts";

const maxUsers = 3;
const patienceMs = 5 * 60_000;

/** What each of the model's commands is on a real machine. */
const commands: Readonly<Record<string, string[]>> = {
  ends: ["/bin/true"],
  fails: ["/bin/bash", "-c", "exit 3"],
  missing: ["/no/such/program"],
  sleeps: ["/bin/sleep", "1000"],
  deaf: ["/bin/bash", "-c", "trap '' TERM INT HUP QUIT; while :; do /bin/sleep 1; done"],
  forks: ["/bin/bash", "-c", "/bin/sleep 1000 & /bin/sleep 1000 & wait"],
  daemon: ["/bin/bash", "-c", "setsid /bin/sleep 1000 < /dev/null > /dev/null 2>&1 &"],
  dodges: ["/bin/bash", "-c", "f() { (($1)) && f $(($1 - 1)) & }; f 30"],
  litters: [
    "/bin/bash",
    "-c",
    "mkdir -p a/b; echo x > a/b/c; chmod 0 a; mktemp /tmp/model-XXXXXX; mktemp /var/tmp/model-XXXXXX",
  ],
};

const lines = (file: string): string[] => readFileSync(file, "utf8").split("\n");

export class RealWorld {
  readonly #helper: RealHelper;
  readonly #tally: Tally;
  readonly #others: Others;
  readonly #wire: RealWire;
  #calls = 0;
  #player: Player | undefined;

  private constructor(helper: RealHelper, tally: Tally, others: Others) {
    this.#helper = helper;
    this.#tally = tally;
    this.#others = others;
    this.#wire = new RealWire(helper.socketPath);
  }

  static async start(tally: Tally, others: Others): Promise<RealWorld> {
    return new RealWorld(await startRealHelper({ maxUsers }), tally, others);
  }

  get transcript(): string[] {
    return this.#player?.transcript ?? [];
  }

  #journal(): string[] {
    const file = `${this.#helper.places.private}/journal`;
    return existsSync(file) ? lines(file) : []; // It is not there before the first step.
  }

  #recorded(name: string): { name: string; uid: number; state: string } | undefined {
    const line = this.#journal().findLast((text) => text.includes(`"${name}"`));
    return line === undefined ? undefined : JSON.parse(line);
  }

  #live(): number {
    const states = new Map<string, string>();
    for (const line of this.#journal().filter((text) => text.endsWith("}"))) {
      const { name, state }: { name: string; state: string } = JSON.parse(line);
      states.set(name, state);
    }
    return [...states.values()].filter((state) => !/^(gone|resting|quarantined)$/.test(state)).length;
  }

  #eyes(): Eyes {
    const uids = (name: string): string[] => lines("/etc/passwd").filter((line) => line.startsWith(`${name}:`));
    return {
      exact: false,
      now: () => performance.now(),
      met: () => new Map(),
      account: (name) => uids(name).map((line) => Number(line.split(":")[2]))[0],
      alive: (uid) => processesOf(uid).length,
      isAlive: (pid) => existsSync(`/proc/${pid}`),
      hasHome: (name) => existsSync(`/home/${name}/home`),
      recorded: (name) => this.#recorded(name)?.state,
      freeUids: () => [this.#helper.slice.firstUid],
      live: () => this.#live(),
      groupSignals: () => [],
    };
  }

  async play({ steps }: Sequence): Promise<void> {
    const reference = new Reference(this.#eyes(), maxUsers, this.#tally);
    const player = new Player(this.#wire, reference, this.#tally, (command) => commands[command] ?? []);
    this.#player = player;
    for (const step of steps) {
      if (await player.play(step)) continue;
      if (step.do !== "finish") throw new Error(`${step.do} is no step for a real machine`);
      await eventually(
        () => reference.waiting === 0 || this.#wire.error !== undefined,
        "every request is answered",
        patienceMs,
      );
      await this.#wire.settle();
    }
    for (const each of reference.connections) if (each.role !== "closed") player.close(each, false);
    await this.#idle();
    this.#accountFor(reference);
  }

  async #idle(): Promise<void> {
    const quiet = (): boolean => !this.#helper.status().agent && this.#helper.status().live === 0;
    await this.#wire.settle();
    await eventually(quiet, "the helper has ended every user", patienceMs);
    await this.#wire.settle();
  }

  /** After a deviation: the next sequence begins with a helper that nobody speaks to. */
  async forget(): Promise<void> {
    for (const each of this.#player?.reference.connections ?? []) this.#player?.close(each, false);
    this.#wire.error = undefined;
    await this.#idle();
  }

  #accountFor(reference: Reference): void {
    for (const { name, uid } of reference.users) {
      if (accountOf("passwd", uid) ?? accountOf("group", uid)) deny(`the account of ${name} is left`);
      if (processesOf(uid).length > 0) deny(`a process of ${name} is left`);
      if (existsSync(`/home/${name}`)) deny(`the directory of ${name} is left`);
      const { state } = this.#recorded(name) ?? { state: "gone" };
      if (state !== "gone") deny(`the journal calls ${name} ${state}`);
    }
    const { firstUid } = this.#helper.slice;
    const left = [...accountsIn(firstUid, firstUid + 24), ...filesLeft([firstUid, firstUid + 24])];
    if (left.length > 0) deny(`left by task users:\n${left.join("\n")}`);
    const changes = this.#others.changes();
    if (changes.length > 0) deny(`what belongs to others changed:\n${changes.join("\n")}`);
    const calls = this.#helper.calls();
    for (const argv of calls.slice(this.#calls)) {
      if (argv.some((word) => word.includes("_tcworker"))) continue;
      // What the journal said at that time is not known any more; in memory it is.
      const state = { name: "", uid: Number(argv[4]), state: "creating" };
      const uid = argv[4] !== undefined && /^(UniqueID|PrimaryGroupID)$/.test(argv[3] ?? "") ? state.uid : firstUid;
      const wrong = checkCommand("dscl", argv, [firstUid, firstUid + 24], () => ({ ...state, uid }), false);
      if (wrong) deny(`${wrong}: dscl ${argv.join(" ")}`);
    }
    this.#calls = calls.length;
  }

  async stop(): Promise<void> {
    await this.#helper.stop();
    const { firstUid } = this.#helper.slice;
    if (processesOf(firstUid, firstUid + 24).length > 0) deny("processes of task users are left");
  }
}
