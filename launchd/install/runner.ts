/** Does the steps of a plan and takes them back, with the receipt as its memory. */
import { exitStatus } from "../../shared/exit-status.ts";
import { Refusal } from "../refusal.ts";
import { actionsOf } from "./actions.ts";
import type { CommandName } from "./context.ts";
import { describeUndo } from "./describe.ts";
import type { Machine } from "./machine.ts";
import { type ListName, Receipt } from "./receipt.ts";
import { isKept, type Step } from "./step.ts";
import { whyNotRemoved } from "./unlocking.ts";

export type What = "do" | "undo";

/** Is told of each step between its two entries in the receipt: when it is begun there, and when it is done in fact. */
export interface Observer {
  begin(what: What, step: Step): void;
  end(what: What, step: Step): void;
}

/** What is still there although it should be gone, a sentence each, and what was meant to stay. */
export interface Reversed {
  readonly left: readonly string[];
  readonly kept: readonly Step[];
}

const needsWhatIsBelow = ({ kind }: Step): boolean => ["job", "account", "member", "volume"].includes(kind);

export class Runner {
  readonly #machine: Machine;
  readonly #command: CommandName;
  readonly #observer: Observer;
  readonly receipt: Receipt;

  /** `command`: what somebody has typed, and is to type again when something could not be removed. */
  constructor(machine: Machine, command: CommandName, receiptPath: string, observer: Observer) {
    this.#machine = machine;
    this.#command = command;
    this.#observer = observer;
    this.receipt = new Receipt(machine.at(receiptPath));
  }

  /** Does what is not done yet. Throws at the first step that cannot be done, with one sentence; nothing is undone then. */
  async apply(name: ListName, steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const actions = actionsOf(this.#machine, step);
      const known = this.receipt.find(name, step) ?? this.receipt.find("steps", step);
      const found = await actions.look(known?.step);
      if (found.state === "foreign") throw new Refusal(exitStatus.misconfigured, found.sentence);
      // What was there before us has no entry, so it is never ours to remove.
      if (found.state === "done" && (!known || known.state === "done")) continue;
      this.receipt.mark(name, step, "doing");
      this.#observer.begin("do", step);
      if (found.state !== "done") await actions.do();
      this.#observer.end("do", step);
      this.receipt.mark(name, step, "done");
    }
  }

  /**
   * Takes back every step of a list, the last first. What cannot be has its sentence in `left`: after a file it goes on, but
   * nothing is taken from under a job that still runs, or from an account that is still there.
   */
  async reverse(name: ListName, { purge }: { readonly purge: boolean }): Promise<Reversed> {
    const entries = this.receipt.list(name);
    const kept = purge ? [] : entries.map(({ step }) => step).filter(isKept);
    const paths = kept.flatMap((step) => ("path" in step ? [step.path] : []));
    /** Root: a directory is removed with all that is in it only when nothing in it is to stay, or could not be removed. */
    const holdsKept = (step: Step): boolean =>
      step.kind === "directory" && paths.some((path) => `${path}/`.startsWith(`${step.path}/`));
    const left: string[] = [];
    for (const { step } of entries.toReversed()) {
      if (kept.includes(step) || holdsKept(step)) continue;
      const sentence = await this.#undo(name, step);
      if (sentence !== null) {
        left.push(sentence);
        if (needsWhatIsBelow(step)) break;
        if ("path" in step) paths.push(step.path);
      }
    }
    return { left, kept };
  }

  /** Takes back one step of what is installed. Throws Refusal when it cannot be. */
  async remove(step: Step): Promise<void> {
    const sentence = await this.#undo("steps", step);
    if (sentence !== null) throw new Refusal(exitStatus.failed, sentence);
  }

  /** A sentence when something of it is still there. */
  async #undo(name: ListName, step: Step): Promise<string | null> {
    this.receipt.mark(name, step, "undoing");
    this.#observer.begin("undo", step);
    // The agent's account can make what is its own unremovable: that is a sentence, and no end of the whole.
    const sentence = await Promise.try(() => actionsOf(this.#machine, step).undo()).catch(
      (error: unknown) => `${describeUndo(step)}: this cannot be done: ${whyNotRemoved(error, this.#command)}`,
    );
    this.#observer.end("undo", step);
    if (sentence === null) this.receipt.drop(name, step);
    return sentence;
  }
}
