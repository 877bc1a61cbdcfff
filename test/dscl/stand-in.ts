/** A copy of the stand-in in a folder of its own, so that a test has its own modes and logs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type PlistValue, parse } from "plist";

/** Keys are those of README.md; several values make several lines. */
export type Modes = Readonly<Record<string, string | readonly string[]>>;
/** Attribute values by key, the standard prefix left out. */
export type Attributes = Readonly<Record<string, readonly string[]>>;
export type Result = {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | null;
  readonly signal: string | null;
};

const environment = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" };
const deadlineMs = 60_000;

export class StandIn {
  readonly folder: string;
  readonly program: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.program = join(folder, "dscl");
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

  start(argv: readonly string[], ids: { uid?: number; gid?: number } = {}): ChildProcess {
    return spawn(this.program, argv, {
      ...ids,
      cwd: "/",
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: deadlineMs,
    });
  }

  run(...argv: readonly string[]): Promise<Result> {
    return resultOf(this.start(argv));
  }

  /** Makes records as `state` says, by paths such as `/Users/name`; throws when the stand-in does not do it. */
  async build(state: Readonly<Record<string, Attributes>>): Promise<void> {
    for (const [path, attributes] of Object.entries(state)) {
      await this.#expectSuccess(".", "-create", path);
      for (const [key, values] of Object.entries(attributes)) {
        await this.#expectSuccess(".", "-create", path, key, ...values);
      }
    }
  }

  /** The record, or undefined when there is none. */
  async read(path: string): Promise<Attributes | undefined> {
    const { exit, stdout } = await this.run("-plist", ".", "-read", path);
    return exit === 56 ? undefined : attributesOf(parse(stdout));
  }

  /** All records of both types whose names begin so, by path. */
  async records(prefix: string): Promise<Record<string, Attributes>> {
    const found: Record<string, Attributes> = {};
    for (const path of await this.#paths(prefix)) {
      const record = await this.read(path);
      if (record) found[path] = record;
    }
    return found;
  }

  async #paths(prefix: string): Promise<string[]> {
    const paths: string[] = [];
    for (const type of ["Users", "Groups"]) {
      const { stdout } = await this.run(".", "-list", `/${type}`);
      const names = stdout.split("\n").filter((line) => line.startsWith(prefix));
      paths.push(...names.map((name) => `/${type}/${name}`));
    }
    return paths;
  }

  async deleteAll(prefix: string): Promise<void> {
    for (const path of await this.#paths(prefix)) await this.#expectSuccess(".", "-delete", path);
  }

  /** Lines of a log beside the program; none when there is no such file. */
  async log(name: string): Promise<string[]> {
    const content = await readFile(join(this.folder, name), "utf8").catch(() => "");
    return content.split("\n").filter((line) => line !== "");
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #expectSuccess(...argv: readonly string[]): Promise<void> {
    const { exit, stdout, stderr } = await this.run(...argv);
    if (exit !== 0) throw new Error(`dscl ${argv.join(" ")} ended with ${exit}: ${stdout}${stderr}`);
  }
}

function attributesOf(record: PlistValue | undefined): Attributes {
  if (typeof record !== "object" || record === null) throw new Error("the stand-in printed no record");
  const attributes: Record<string, string[]> = {};
  for (const [key, values] of Object.entries(record)) {
    if (!Array.isArray(values)) throw new Error(`the values of ${key} are no array`);
    attributes[key.replace(/^dsAttrTypeStandard:/, "")] = values.map(String);
  }
  return attributes;
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

/** What a started stand-in prints, and how it ends. */
export async function resultOf(child: ChildProcess): Promise<Result> {
  if (child.stdout === null || child.stderr === null) throw new Error("the stand-in was started without pipes");
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { stdout, stderr, exit: child.exitCode, signal: child.signalCode };
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
