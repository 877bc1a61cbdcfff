/** A copy of the checkout with one edit in it, and the tests that run there. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../imports.ts";
import type { Mutation } from "./mutation.ts";
import { startPrivately } from "./private-machine.ts";

const parts = ["agent", "helper", "shared", "launchd", "test", "docs", "examples", "package.json", "package-lock.json"];
const timeLimitMs = 180_000;

export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  /** The time was up: a test that hangs has noticed too. */
  readonly late: boolean;
  readonly output: string;
}

/** The file with the edit. Throws when `from` is not there exactly once. */
export function mutate({ file, from, to }: Mutation): string {
  const text = readFileSync(join(root, file), "utf8");
  if (text.split(from).length !== 2) throw new Error(`${file}: ${JSON.stringify(from)} must occur exactly once`);
  return text.replace(from, () => to);
}

/** A pattern that matches the text itself. */
const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

export class Mutant {
  readonly #folder: string;

  /** A checkout of its own below `parent`, outside of /run, /mnt and /dev. */
  constructor(parent: string) {
    this.#folder = mkdtempSync(join(parent, ".mutant-"));
    for (const part of parts) cpSync(join(root, part), join(this.#folder, part), { recursive: true });
    for (const part of ["node_modules", "taskcluster-worker", "tsconfig.json"]) {
      symlinkSync(join(root, part), join(this.#folder, part));
    }
  }

  /** Runs the tests with the edit in place, or as the checkout is. */
  async run(caughtBy: Mutation["caughtBy"], mutation?: Mutation): Promise<Verdict> {
    const path = mutation && join(this.#folder, mutation.file);
    if (path) writeFileSync(path, mutate(mutation));
    try {
      const verdicts: Verdict[] = [];
      for (const each of caughtBy) {
        const verdict = await this.#test(each);
        verdicts.push(verdict);
        if (mutation && noticed(verdict)) break;
      }
      const sum = (key: "passed" | "failed"): number => verdicts.reduce((total, verdict) => total + verdict[key], 0);
      const late = verdicts.some((verdict) => verdict.late);
      const output = verdicts.map((verdict) => verdict.output).join("");
      return { passed: sum("passed"), failed: sum("failed"), late, output };
    } finally {
      if (path) cpSync(join(root, mutation.file), path);
    }
  }

  async #test({ file, name }: { file: string; name?: string }): Promise<Verdict> {
    const words = ["--test", "--test-reporter=tap", ...(name ? [`--test-name-pattern=${literally(name)}`] : []), file];
    const child = startPrivately(this.#folder, [process.execPath, ...words]);
    let output = "";
    child.stdout?.on("data", (bytes: Buffer) => {
      output += bytes;
    });
    child.stderr?.on("data", (bytes: Buffer) => {
      output += bytes;
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeLimitMs);
    await new Promise((resolve) => child.once("close", resolve));
    clearTimeout(timer);
    const count = (word: string): number => Number(new RegExp(`^# ${word} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
    const broken = !late && !/^# tests \d+$/m.test(output) ? 1 : 0;
    return { passed: count("pass"), failed: count("fail") + count("cancelled") + broken, late, output };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

export function noticed({ failed, late }: Verdict): boolean {
  return failed > 0 || late;
}
