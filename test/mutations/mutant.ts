/** A copy of the checkout with one edit in it, and the tests that run there. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { root } from "../imports.ts";
import type { Mutation } from "./mutation.ts";
import { startPrivately } from "./private-machine.ts";

/** The launcher among them: by a link it would run what the link leads to. */
const parts = [
  ...["agent", "helper", "shared", "launchd", "test", "docs", "examples"],
  ...["taskcluster-worker", "package.json", "package-lock.json"],
];
const timeLimitMs = 120_000;
interface Verdict {
  readonly passed: readonly string[];
  /** Tests whose own lines failed: not those of which the helper did not even start, say. */
  readonly failed: readonly string[];
  readonly isAllWell: boolean;
  /** The time was up: a test that hangs has noticed too. */
  readonly late: boolean;
  readonly output: string;
}

/** The file with the edit. Throws when `from` is not there exactly once. */
export function mutate({ file, from, to }: Mutation): string {
  const source = readFileSync(join(root, file), "utf8");
  if (source.split(from).length !== 2) throw new Error(`${file}: ${JSON.stringify(from)} must occur exactly once`);
  return source.replace(from, () => to);
}

/** A pattern that matches the words themselves. */
const literally = (words: string): string => words.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** Runs the tests of a file whose names hold one of these, on a machine of their own. */
async function runTests(folder: string, file: string, names: readonly string[]): Promise<Verdict> {
  const patterns = names.map((name) => `--test-name-pattern=${literally(name)}`);
  const child = startPrivately(folder, [process.execPath, "--test", "--test-reporter=tap", ...patterns, file]);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeLimitMs);
  const output = (await Promise.all([text(child.stdout), text(child.stderr)])).join("");
  clearTimeout(timer);
  const passed = Array.from(output.matchAll(/^ *ok \d+ - (?!.* # SKIP)(.*)$/gm), ([, title = ""]) => title);
  const failures = output.matchAll(
    /^ *not ok \d+ - (.*)\n *---\n(?:(?! *\.\.\.\n).*\n)*? *failureType: '(?:testCodeFailure|uncaughtException|unhandledRejection)'$/gm,
  );
  const failed = Array.from(failures, ([, title = ""]) => title);
  return { passed, failed, isAllWell: /^# pass [1-9]/m.test(output) && !/^ *not ok /m.test(output), late, output };
}

export class Mutant {
  readonly #folder: string;

  /** A checkout of its own below `parent`, outside of /run, /mnt and /dev. */
  constructor(parent: string) {
    this.#folder = mkdtempSync(join(parent, ".mutant-"));
    for (const part of parts) cpSync(join(root, part), join(this.#folder, part), { recursive: true });
    for (const part of ["node_modules", "tsconfig.json"]) {
      symlinkSync(join(root, part), join(this.#folder, part));
    }
  }

  /** Those of `names` that no passing test of the checkout as it is has, or all when a test fails. */
  async unsound(file: string, names: readonly string[]): Promise<{ names: string[]; output: string }> {
    const { passed, isAllWell, output } = await runTests(this.#folder, file, names);
    return { names: names.filter((name) => !isAllWell || !passed.some((title) => title.includes(name))), output };
  }

  /** Takes the defence out. `how` the test noticed, in a few words, is empty when it did not. */
  async run(mutation: Mutation): Promise<{ how: string; output: string }> {
    const path = join(this.#folder, mutation.file);
    const [file, name] = mutation.caughtBy;
    writeFileSync(path, mutate(mutation));
    try {
      const { failed, late, output } = await runTests(this.#folder, file, [name]);
      const how = failed.some((title) => title.includes(name)) ? "the test fails" : late ? "the test hangs" : "";
      return { how, output };
    } finally {
      cpSync(join(root, mutation.file), path);
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
