/** A copy of the stand-in in a folder of its own, so that a test has its own modes and logs. */
import { readFileSync } from "node:fs";
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Directory } from "./directory.ts";

/** Keys are those of README.md; several values make several lines. */
export type Modes = Readonly<Record<string, string | readonly string[]>>;

export class StandIn extends Directory {
  readonly folder: string;

  private constructor(folder: string) {
    super(join(folder, "dscl"));
    this.folder = folder;
  }

  /** Needs root, as everything that changes accounts does. Call `remove` at the end. */
  static async make(modes: Modes = {}): Promise<StandIn> {
    const standIn = new StandIn(await mkdtemp(join(tmpdir(), "dscl-stand-in-")));
    await copyFile(join(import.meta.dirname, "dscl"), standIn.program);
    await chmod(standIn.program, 0o755);
    await standIn.setModes(modes);
    return standIn;
  }

  async setModes(modes: Modes): Promise<void> {
    const lines = Object.entries(modes).flatMap(([key, values]) => [values].flat().map((value) => `${key}=${value}\n`));
    await writeFile(join(this.folder, "modes"), lines.join(""));
  }

  /** Lines of a log beside the program; none when there is no such file. */
  async log(name: string): Promise<string[]> {
    const content = await readFile(join(this.folder, name), "utf8").catch(() => "");
    return content.split("\n").filter((line) => line !== "");
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The lines of /etc/passwd that no test may change. */
export function foreignLines(): string[] {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  return lines.filter((line) => Number(line.split(":")[2]) < 1000);
}

/** The line of a name in /etc/passwd, /etc/group or one of their shadows, without its newline. */
export async function accountLine(
  file: "passwd" | "shadow" | "group" | "gshadow",
  name: string,
): Promise<string | undefined> {
  const lines = (await readFile(join("/etc", file), "utf8")).split("\n");
  return lines.find((line) => line.startsWith(`${name}:`));
}

/**
 * A stand-in for one test, removed at its end together with all accounts whose names begin with `prefix`. Each test file
 * has a prefix and a range of ids of its own, because files run at the same time.
 */
export async function standInFor(
  context: TestContext,
  prefix: string,
  range: string,
  modes: Modes = {},
): Promise<StandIn> {
  const standIn = await StandIn.make({ range, ...modes });
  const cleaner = await StandIn.make({ range });
  context.after(async () => {
    await cleaner.deleteAll(prefix);
    await cleaner.remove();
    await standIn.remove();
  });
  return standIn;
}

/** Resolves when the condition is true; throws when that takes half a minute. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error("the condition did not come true in time");
    await delay(20);
  }
}
