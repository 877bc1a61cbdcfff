/**
 * One life of a task user, disturbed at one point: by SIGKILL, a full disk, or tools that fail. Then the shipped helper is
 * started on the same instance, and what is left is compared with what an undisturbed life leaves.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeConfig } from "../../helper/slice.ts";
import { Client } from "../helper/client.ts";
import { accountOf, processesOf } from "../helper/machine.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { within } from "../helper/wait.ts";
import { differences, type EndState, endStateOf } from "./end-state.ts";
import type { Fault, Plan } from "./fault.ts";
import { type Life, leaveInTheMiddle, live, type Story, type Turns } from "./life.ts";

const endsWithinMs = 120_000;

export interface Case {
  readonly life: Life;
  /** `life.ts#endUser#2:after`, or "" for a life that only other things disturb. */
  readonly at: string;
  /** At which passing of the point: from 1. */
  readonly passing: number;
  readonly fault: Fault;
  readonly replace?: Plan["replace"];
  /** Modes of the dscl stand-in from the beginning. */
  readonly modes?: string;
  readonly turns?: Turns;
  /** Only after this the shipped helper starts. */
  readonly before?: () => Promise<void>;
}

export interface Outcome {
  readonly story: Story;
  /** The exit status of the disturbed helper, or the signal that ended it. */
  readonly ended: string;
  /** Points that it passed, in order, each with its step: `life.ts#endUser#2:after await-sweep`. */
  readonly passed: readonly string[];
  /** Everything that is not as an honest end must be. */
  readonly wrong: readonly string[];
  readonly state: EndState;
}

export class Matrix {
  readonly helper: RealHelper;
  readonly tasksDir: string;
  readonly #clean: EndState;
  readonly #canary: ChildProcess;
  readonly #planFile: string;

  private constructor(helper: RealHelper, tasksDir: string) {
    this.helper = helper;
    this.tasksDir = tasksDir;
    this.#planFile = join(helper.dsclDir, "plan.json");
    // Somebody else's process, and somebody else's directory between the task users'.
    this.#canary = spawn("/bin/sleep", ["100000"], { uid: 1, gid: 1, cwd: "/", env: {}, stdio: "ignore" });
    this.#plant();
    this.#clean = { ...endStateOf(helper, tasksDir), litter: [] };
  }

  /** As root. Call `close` at the end. */
  static async open(): Promise<Matrix> {
    const tasksDir = `/home/crash-${process.pid}`;
    return new Matrix(await startRealHelper({ tasksDir }), tasksDir);
  }

  /** Where the helper needs room. */
  get folders(): string[] {
    const { private: own, logs } = this.helper.places;
    return [own, logs, this.tasksDir];
  }

  async close(): Promise<void> {
    await this.helper.stop();
    this.#canary.kill();
    rmSync(this.tasksDir, { recursive: true });
  }

  /** Plays a case from a fresh start to the judgement. */
  async play(each: Case): Promise<Outcome> {
    const { helper } = this;
    writeFileSync(join(helper.dsclDir, "argv.log"), "");
    const left = each.life === "recovered" ? await this.#leave() : undefined;
    if (!left) await helper.kill();
    helper.modes(each.modes ?? "");
    const record = join(helper.dsclDir, "passed");
    writeFileSync(record, "");
    const { life, at, passing, fault, replace = [] } = each;
    const plan: Plan = { main: join(helper.code, "helper/main.ts"), record, at, passing, fault, replace };
    const { child, ready } = this.#start(plan);
    const exited = once(child, "exit");
    const listens = await Promise.race([ready, exited.then(() => false)]);
    const story = listens && life !== "recovered" ? await live(helper.socketPath, life, each.turns) : (left ?? {});
    child.stdin?.end();
    const [status, signal]: unknown[] = await within(exited, `the end of the helper of ${at}`, endsWithinMs);
    const wrong = this.#lies(story);
    for (const folder of this.folders) removeBallast(folder);
    await each.before?.();
    helper.modes("");
    await helper.restart();
    const state = endStateOf(helper, this.tasksDir);
    wrong.push(...(await this.#afterwards(state)));
    const passed = readFileSync(record, "utf8").trim().split("\n");
    return { story, ended: `${signal ?? status}`, passed, wrong, state };
  }

  /** What is not as an undisturbed life leaves it. */
  differences(state: EndState): string[] {
    return differences({ ...state, litter: [] }, this.#clean);
  }

  /** After a case that left users resting or quarantined: nothing of them stays for the next one. */
  async forget(): Promise<void> {
    await this.helper.kill();
    this.helper.forget();
    await this.helper.restart();
  }

  #plant(): void {
    mkdirSync(join(this.tasksDir, "somebody"), { mode: 0o755 });
    writeFileSync(join(this.tasksDir, "somebody", "file"), "kept");
  }

  /** Runs `work` with a small file system in the place of each of the folders, which a fault of kind `fill` can fill. */
  async onSmallDisks<T>(work: () => Promise<T>): Promise<T> {
    await this.helper.kill();
    for (const folder of this.folders) {
      const mode = folder === this.tasksDir ? "0711" : "0700";
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=1m,nr_inodes=64,mode=${mode}`, "tmpfs", folder]);
    }
    this.#plant();
    try {
      await this.helper.restart();
      return await work();
    } finally {
      await this.helper.kill();
      for (const folder of this.folders) execFileSync("umount", ["-l", folder]);
      await this.helper.restart();
    }
  }

  async #leave(): Promise<Story> {
    return leaveInTheMiddle(this.helper.socketPath, () => this.helper.kill());
  }

  #start(plan: Plan): { child: ChildProcess; ready: Promise<boolean> } {
    const { helper } = this;
    writeFileSync(this.#planFile, JSON.stringify(plan));
    const settings = { dscl: join(helper.dsclDir, "dscl"), tasksDir: this.tasksDir };
    const config = writeConfig(join(helper.dsclDir, "crash.json"), helper.slice.firstUid, helper.code, settings);
    const log = openSync(`${helper.places.logs}/helper.log`, "a", 0o600);
    const words = ["--instance", helper.slice.name, "--config", config, "--lifeline"];
    const argv = ["--no-warnings", "--expose-internals", join(import.meta.dirname, "entry.ts"), ...words];
    const child = spawn(helper.node, argv, {
      ...{ cwd: "/", detached: true, env: { CRASH_PLAN: this.#planFile }, stdio: ["pipe", "pipe", log] },
    });
    child.stdin?.on("error", () => {}); // It is gone already.
    return { child, ready: new Promise((resolve) => child.stdout?.once("data", () => resolve(true))) };
  }

  /** What the helper said of an end and is not so: looked at before any other helper runs. */
  #lies({ user, gone }: Story): string[] {
    if (!user || !gone) return [];
    const said = (what: string): string => `told ${gone.state}, but there is ${what}`;
    const lies: string[] = [];
    if (gone.state !== "quarantined") {
      if (processesOf(user.uid).length > 0) lies.push(said("a process"));
      if (existsSync(join(this.tasksDir, user.name))) lies.push(said("a home"));
    }
    if (gone.state === "gone") {
      if (accountOf("passwd", user.uid) ?? accountOf("group", user.uid)) lies.push(said("an account"));
    }
    return lies;
  }

  /** What must hold after any case: whoever is left is accounted for, others are untouched, the next task can begin. */
  async #afterwards(state: EndState): Promise<string[]> {
    const wrong: string[] = [];
    const kept = state.journal.filter((line) => !/ (resting|quarantined)$/.test(line));
    if (kept.length > 0) wrong.push(`the journal has ${kept.join()}`);
    const known = state.journal.map((line) => line.split(" ")[0] ?? "");
    const unknown = [...state.accounts, ...state.homes, ...state.graves].filter(
      (line) => !known.some((name) => line.startsWith(name)),
    );
    if (unknown.length > 0) wrong.push(`nobody answers for ${unknown.join()}`);
    for (const key of ["brokenLink", "danger", "foreign"] as const) {
      if (state[key] !== this.#clean[key]) wrong.push(`${key}: ${state[key]}`);
    }
    if (this.#canary.exitCode !== null || this.#canary.signalCode !== null) wrong.push("a foreign process has ended");
    if (readFileSync(join(this.tasksDir, "somebody", "file"), "utf8") !== "kept") wrong.push("a foreign file");
    const next = await this.#next().catch((error: unknown) => `${error}`);
    if (next !== "gone") wrong.push(`the next task user: ${next}`);
    return wrong;
  }

  async #next(): Promise<string> {
    const client = await Client.hello(this.helper.socketPath);
    try {
      const { user, uid } = await client.request("createUser", {});
      const { output } = await client.run(user, ["/usr/bin/id", "-u"]);
      const { state } = await client.request("deleteUser", { user });
      return output === `${uid}\n` ? state : `id says ${output}`;
    } finally {
      await client.close();
      await this.helper.idle();
    }
  }
}

function removeBallast(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (name.startsWith("ballast")) rmSync(join(folder, name));
}
