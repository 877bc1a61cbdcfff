/** A directory that is changed through a `dscl`: Apple's own on a Mac, the stand-in elsewhere. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { type PlistValue, parse } from "plist";

/** Attribute values by key, the standard prefix left out. */
export type Attributes = Readonly<Record<string, readonly string[]>>;
/** Records by their paths, such as `/Users/name`. */
export type State = Readonly<Record<string, Attributes>>;
export type Result = {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | null;
  readonly signal: string | null;
};

const environment = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" };
const deadlineMs = 60_000;

export class Directory {
  readonly program: string;

  /** `program`: absolute path of the dscl to call. What changes records needs root. */
  constructor(program: string) {
    this.program = program;
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

  /** Makes records as `state` says; throws when dscl does not do it. */
  async build(state: State): Promise<void> {
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

  async #expectSuccess(...argv: readonly string[]): Promise<void> {
    const { exit, stdout, stderr } = await this.run(...argv);
    if (exit !== 0) throw new Error(`dscl ${argv.join(" ")} ended with ${exit}: ${stdout}${stderr}`);
  }
}

function attributesOf(record: PlistValue | undefined): Attributes {
  if (typeof record !== "object" || record === null) throw new Error("dscl printed no record");
  const attributes: Record<string, string[]> = {};
  for (const [key, values] of Object.entries(record)) {
    if (!Array.isArray(values)) throw new Error(`the values of ${key} are no array`);
    attributes[key.replace(/^dsAttrTypeStandard:/, "")] = values.map(String);
  }
  return attributes;
}

/** What a started dscl prints, and how it ends. */
export async function resultOf(child: ChildProcess): Promise<Result> {
  if (child.stdout === null || child.stderr === null) throw new Error("dscl was started without pipes");
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { stdout, stderr, exit: child.exitCode, signal: child.signalCode };
}
