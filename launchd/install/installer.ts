/** `install`, `upgrade` and `uninstall` on one machine. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../../helper/lock.ts";
import type { Arguments } from "../arguments.ts";
import { layoutOf } from "../layout.ts";
import { Refusal, type Status, status } from "../refusal.ts";
import { hasDomain } from "./actions/jobs.ts";
import { actionsOf } from "./actions.ts";
import { type Choices, choicesOf } from "./choices.ts";
import { describe, describeUndo, documentOf } from "./describe.ts";
import { factsOf, keepsOwnSettings } from "./facts.ts";
import { lookForLeftovers } from "./leftovers.ts";
import type { Machine } from "./machine.ts";
import { checkedNode } from "./node-build.ts";
import { removePackage } from "./package.ts";
import { currentStep, type Facts, installSteps } from "./plan.ts";
import { withLock } from "./run-lock.ts";
import { type Observer, type Reversed, Runner } from "./runner.ts";
import { sourceAt } from "./source.ts";
import { type HelloStep, isKept, type Step } from "./step.ts";
import { settled, upgradeSteps } from "./switch.ts";
import { textOf } from "./text-of.ts";

const layout = layoutOf();

export interface InstallerOptions {
  readonly machine: Machine;
  /** The checkout or unpacked release that this program is part of. */
  readonly source: string;
  readonly observer: Observer;
  /** What was asked for. */
  readonly out: (text: string) => void;
  /** A line on the way. */
  readonly say: (line: string) => void;
}

export class Installer {
  readonly #options: InstallerOptions;

  constructor(options: InstallerOptions) {
    this.#options = options;
  }

  get #machine(): Machine {
    return this.#options.machine;
  }

  async install(given: Arguments): Promise<Status> {
    const { say } = this.#options;
    return this.#alone(given, async (runner) => {
      const choices = choicesOf(given, runner.receipt.choices);
      return this.#withFacts(given, choices, async (facts) => {
        this.#refuseOtherAccount(runner, choices);
        this.#refuseOtherVersion(runner, facts);
        const steps = installSteps(facts);
        if (given.flags.has("plan")) return this.#plan("install", steps, runner, given);
        runner.receipt.begin(choices);
        await this.#finishRemovals(runner);
        await runner.apply("steps", steps);
        if (!facts.configured) say(`the worker does not run yet: fill in ${layout.workerConfig} and run install again`);
        const session = facts.agentUid === null ? "system" : `gui/${facts.agentUid}`;
        if (facts.configured && !(await hasDomain(this.#machine, session))) {
          say(`${choices.agentUser} is not logged in: the worker starts with its login`);
        }
        say(`installed: version ${facts.version}`);
        return status.done;
      });
    });
  }

  async upgrade(given: Arguments): Promise<Status> {
    const { say } = this.#options;
    return this.#alone(given, async (runner) => {
      const { choices } = runner.receipt;
      if (!choices) throw new Refusal(status.usage, "nothing is installed here: use install");
      return this.#withFacts(given, choices, async (facts) => {
        const installed = runner.receipt.list("steps");
        const link = runner.receipt.find("steps", currentStep(facts));
        if (link?.state !== "done")
          throw new Refusal(status.usage, "the installation has not come to its end: run install again");
        const current = currentStep(facts).target;
        if (link.step.kind === "link" && link.step.target === current) {
          say(`version ${facts.version} (${current}) is what is installed`);
          return status.done;
        }
        const steps = upgradeSteps(facts, installed, (path) => textOf(this.#machine.at(path)));
        if (given.flags.has("plan")) return this.#plan("upgrade", steps, runner, given);
        await this.#finishRemovals(runner);
        await this.#switch(runner, steps);
        say(`upgraded: version ${facts.version}`);
        return status.done;
      });
    });
  }

  async uninstall(given: Arguments): Promise<Status> {
    const { out, say } = this.#options;
    const purge = given.flags.has("purge");
    return this.#alone(given, async (runner) => {
      const entries = runner.receipt.list("steps");
      if (!runner.receipt.choices) {
        say("nothing is installed here");
        return status.done;
      }
      if (given.flags.has("plan")) {
        const steps = entries.map(({ step }) => step).toReversed();
        const json = steps.map((step) => ({ ...documentOf(step), stays: isKept(step) && !purge }));
        const lines = steps.map((step) => (isKept(step) && !purge ? `keep ${describe(step)}` : describeUndo(step)));
        out(
          given.flags.has("json")
            ? `${JSON.stringify({ uninstall: json })}\n`
            : lines.map((line) => `${line}\n`).join(""),
        );
        return status.done;
      }
      this.#refuseSessions();
      let reversed = await runner.reverse("steps", { purge });
      // A package is what to try again from while something else is left. Without it the directory around it can go.
      const isLast = !existsSync(this.#machine.at(layout.versions));
      const ofPackage = isLast ? await removePackage(this.#machine) : null;
      if (ofPackage) reversed = await runner.reverse("steps", { purge });
      const { left, kept } = reversed;
      const all = { left: [...left, ...(ofPackage ?? [])], kept };
      return this.#report(all, await lookForLeftovers(this.#machine, all));
    });
  }

  #report({ left, kept }: Reversed, found: readonly string[]): Status {
    const { say } = this.#options;
    for (const step of kept) say(`kept: ${describe(step)}; uninstall --purge removes it`);
    for (const sentence of [...left, ...found]) say(`left: ${sentence}`);
    if (left.length + found.length > 0) return status.failed;
    say(kept.length > 0 ? "uninstalled but for what is kept" : "uninstalled: nothing of it is left");
    return status.done;
  }

  /** Does the steps of an upgrade, or takes them back and says why. */
  async #switch(runner: Runner, steps: readonly Step[]): Promise<void> {
    const { say } = this.#options;
    try {
      await runner.apply("upgrade", steps);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say(`${error.message}; going back to the version before`);
      const back = await this.#goBack(runner);
      throw new Refusal(status.failed, `the upgrade has been taken back: ${error.message}${back}`);
    }
    runner.receipt.settle(settled(runner.receipt.list("steps"), runner.receipt.list("upgrade")));
    await this.#finishRemovals(runner);
  }

  /** Returns what is to be added to the sentence about it. */
  async #goBack(runner: Runner): Promise<string> {
    const { left } = await runner.reverse("upgrade", { purge: true });
    const hellos = runner.receipt.list("steps").map(({ step }) => step);
    for (const hello of hellos.filter((step): step is HelloStep => step.kind === "hello")) {
      try {
        await actionsOf(this.#machine, hello).do();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return `; and the version before does not run: ${error.message}`;
      }
    }
    return left.map((sentence) => `; ${sentence}`).join("");
  }

  /** A version that an upgrade, or an uninstallation that was cut off, has begun to remove. */
  async #finishRemovals(runner: Runner): Promise<void> {
    for (const { step, state } of runner.receipt.list("steps")) {
      if (step.kind === "release" && state === "undoing") await runner.remove(step);
    }
  }

  /** One at a time. An upgrade that was cut off is taken back first. */
  #alone(given: Arguments, work: (runner: Runner) => Promise<Status>): Promise<Status> {
    const { observer, say } = this.#options;
    const run = async (): Promise<Status> => {
      const runner = new Runner(this.#machine, layout.receipt, observer);
      if (runner.receipt.list("upgrade").length > 0) {
        if (given.flags.has("plan"))
          throw new Refusal(status.failed, "an upgrade was cut off: without --plan it is taken back first");
        say("an upgrade was cut off: going back to the version before");
        const problem = await this.#goBack(runner);
        if (problem !== "") say(problem.slice(2));
      }
      return work(runner);
    };
    return given.flags.has("plan") ? run() : withLock(this.#machine.at(layout.receipt), run);
  }

  async #withFacts(given: Arguments, choices: Choices, work: (facts: Facts) => Promise<Status>): Promise<Status> {
    const { source: path, say } = this.#options;
    const source = sourceAt(path);
    const [file, config] = [given.values.get("node"), given.values.get("config") ?? null];
    const sha256 = given.values.get("node-sha256");
    const list = join(import.meta.dirname, "../node.sha256");
    const build = file === undefined ? null : checkedNode({ file, sha256, list });
    try {
      if (!build && source.npmNode) {
        const what = "Node is the build that a third party publishes on npm, not the official one";
        say(`warning: ${what}; name the official one with --node FILE`);
      }
      if (config !== null && keepsOwnSettings(this.#machine, config)) {
        say(`${layout.workerConfig} is there and stays as it is; ${config} is not used`);
      }
      return await work(
        await factsOf(this.#machine, { choices, source, node: build?.program ?? null, workerConfig: config }),
      );
    } finally {
      build?.forget();
    }
  }

  async #plan(name: string, steps: readonly Step[], runner: Runner, given: Arguments): Promise<Status> {
    const looked = [];
    for (const step of steps) {
      const known = runner.receipt.find("steps", step)?.step;
      looked.push({ step, found: await actionsOf(this.#machine, step).look(known) });
    }
    const foreign = looked.flatMap(({ found }) => (found.state === "foreign" ? [found.sentence] : []));
    if (given.flags.has("json")) {
      const rows = looked.map(({ step, found }) => ({ ...documentOf(step), state: found.state }));
      this.#options.out(`${JSON.stringify({ [name]: rows, foreign })}\n`);
    } else {
      const lines = looked.map(({ step, found }, index) => {
        const mark = { done: "as it is", "to do": "", foreign: "IN THE WAY" }[found.state];
        return `${`${index + 1}`.padStart(3)} ${describe(step)}${mark && `  (${mark})`}\n      ${step.why}\n`;
      });
      this.#options.out(lines.join(""));
    }
    const [first] = foreign;
    if (first !== undefined) throw new Refusal(status.misconfigured, first);
    return status.done;
  }

  #refuseOtherAccount({ receipt }: Runner, { agentUser }: Choices): void {
    if (!receipt.choices || receipt.choices.agentUser === agentUser) return;
    const now = receipt.choices.agentUser === null ? "as a system job" : `for ${receipt.choices.agentUser}`;
    throw new Refusal(status.usage, `the worker is installed ${now}: uninstall it first, its settings stay`);
  }

  #refuseOtherVersion({ receipt }: Runner, facts: Facts): void {
    const link = receipt.find("steps", currentStep(facts));
    if (link?.step.kind !== "link" || link.step.target === currentStep(facts).target) return;
    if (link.state === "done")
      throw new Refusal(status.usage, `another version is installed (${link.step.target}): use upgrade`);
  }

  /** Sessions beside the installation use root's state: it cannot be removed under them. */
  #refuseSessions(): void {
    const starters = this.#machine.at(join(layout.privateState, "starters"));
    for (const pid of existsSync(starters) ? readdirSync(starters) : []) {
      const lock = takeLock(join(starters, pid));
      lock?.close();
      if (!lock)
        throw new Refusal(status.busy, `a session (run-task or work --with-helper, pid ${pid}) runs: wait for its end`);
    }
  }
}
