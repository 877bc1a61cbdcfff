/** What has been done to this machine, step by step, on the disk before and after each: whoever was killed is continued. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { exitStatus } from "../../shared/exit-status.ts";
import { Refusal } from "../refusal.ts";
import type { Choices } from "./choices.ts";
import { keyOf, type Step } from "./step.ts";

/** `doing` and `undoing`: begun, and nobody knows how far it went. What is undone has no entry. */
export type State = "doing" | "done" | "undoing";

export interface Entry {
  readonly step: Step;
  readonly state: State;
}

interface Content {
  readonly format: 1;
  readonly choices: Choices;
  readonly steps: readonly Entry[];
  /** Those of an upgrade that has not come to its end. */
  readonly upgrade: readonly Entry[];
}

/** Root: the file and the directories above it are root's alone, so what is in it was written below. */
function readContent(path: string): Content | null {
  if (!existsSync(path)) return null;
  const content: Content = JSON.parse(readFileSync(path, "utf8"));
  if (content.format !== 1) {
    throw new Refusal(exitStatus.misconfigured, `${path} was written by a newer version: use that one's launcher`);
  }
  return content;
}

export type ListName = "steps" | "upgrade";

export class Receipt {
  readonly #path: string;
  #content: Content | null;

  constructor(path: string) {
    this.#path = path;
    this.#content = readContent(path);
  }

  /** Null when nothing is installed. */
  get choices(): Choices | null {
    return this.#content?.choices ?? null;
  }

  list(name: ListName): readonly Entry[] {
    return this.#content?.[name] ?? [];
  }

  find(name: ListName, step: Step): Entry | undefined {
    return this.list(name).find((entry) => keyOf(entry.step) === keyOf(step));
  }

  /** From here on the file is there. */
  begin(choices: Choices): void {
    this.#save({ format: 1, steps: [], upgrade: [], ...this.#content, choices });
  }

  /** Writes down how far a step is: in its own place, or as the last. What an administrator's file holds is not kept. */
  mark(name: ListName, step: Step, state: State): void {
    const entry = { step: step.kind === "file" && step.keep ? { ...step, text: "" } : step, state };
    const list = this.list(name);
    const at = list.findIndex((each) => keyOf(each.step) === keyOf(step));
    this.#replace({ [name]: at < 0 ? [...list, entry] : list.with(at, entry) });
  }

  /** The step is undone. Without steps there is no receipt. */
  drop(name: ListName, step: Step): void {
    this.#replace({ [name]: this.list(name).filter((entry) => keyOf(entry.step) !== keyOf(step)) });
    if (this.list("steps").length === 0 && this.list("upgrade").length === 0) this.#remove();
  }

  /** The upgrade has come to its end: what it has done is what is installed. */
  settle(steps: readonly Entry[]): void {
    this.#replace({ steps, upgrade: [] });
  }

  #replace(change: Partial<Content>): void {
    if (!this.#content) throw new Error("the receipt has not been begun");
    this.#save({ ...this.#content, ...change });
  }

  #save(content: Content): void {
    const making = `${this.#path}.new`;
    const file = openSync(making, "w", 0o600);
    writeSync(file, `${JSON.stringify(content, null, 1)}\n`);
    fsyncSync(file);
    closeSync(file);
    renameSync(making, this.#path);
    const directory = openSync(dirname(this.#path), "r");
    fsyncSync(directory);
    closeSync(directory);
    this.#content = content;
  }

  #remove(): void {
    rmSync(this.#path);
    this.#content = null;
  }
}
