/** The machine as an installation sees it: its root directory and its tools. Tests give both; a Mac has the default. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { isPlatform, type Platform } from "../release/platform.ts";

/** Every tool of the system that is started, by absolute path. */
export const macTools = {
  launchctl: "/bin/launchctl",
  dscl: "/usr/bin/dscl",
  dseditgroup: "/usr/sbin/dseditgroup",
  diskutil: "/usr/sbin/diskutil",
  id: "/usr/bin/id",
  pkgutil: "/usr/sbin/pkgutil",
  rm: "/bin/rm",
  rmdir: "/bin/rmdir",
} as const;

export type Tool = keyof typeof macTools;

export interface Result {
  /** Null when a signal or the time limit ended it. */
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const constantEnv = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };
const toolMs = 120_000;
const outputBytes = 8 * 1024 * 1024;

/** Empty for root itself. */
interface Ids {
  readonly uid?: number;
  readonly gid?: number;
}

/** Waits for its end. Rejects when it cannot be started. */
function collect(file: string, args: readonly string[], timeout: number, as: Ids = {}): Promise<Result> {
  // Root: `file` is a tool above or a program of a release that only root can change; `args` hold no shell text.
  const child = spawn(file, args, {
    cwd: "/",
    env: constantEnv,
    stdio: ["ignore", "pipe", "pipe"],
    timeout,
    killSignal: "SIGKILL",
    ...as,
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (piece: string) => {
      text[name] = (text[name] + piece).slice(-outputBytes);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`${file} cannot be started: ${error.message}`)));
    child.once("close", (exit: number | null) => resolve({ exit, ...text }));
  });
}

/** Nothing of it is given on a Mac. */
export interface MachineOptions {
  readonly root?: string;
  readonly tools?: Readonly<Record<Tool, string>>;
  readonly pollMs?: number;
  readonly helloMs?: number;
}

export class Machine {
  readonly #root: string;
  readonly #tools: Readonly<Record<Tool, string>>;
  /** Between two looks at something that takes its time, in milliseconds. */
  readonly pollMs: number;
  /** How long a new helper and agent have to say hello, in milliseconds. */
  readonly helloMs: number;

  constructor({ root = "", tools = macTools, pollMs = 500, helloMs = 60_000 }: MachineOptions = {}) {
    this.#root = root;
    this.#tools = tools;
    this.pollMs = pollMs;
    this.helloMs = helloMs;
  }

  /** Which builds run here. Throws where none of ours does. */
  get platform(): Platform {
    const name = `${process.platform}-${process.arch}`;
    if (!isPlatform(name)) throw new Error(`there is no release for ${name}`);
    return name;
  }

  /** Where a path of the Mac is seen from here. */
  at(path: string): string {
    return join(this.#root || "/", path);
  }

  run(tool: Tool, ...args: readonly string[]): Promise<Result> {
    return collect(this.#tools[tool], args, toolMs);
  }

  /** As an account: what lies in somebody else's directory is nothing for root. Null when there is no such account. */
  async runAs(user: string, tool: Tool, ...args: readonly string[]): Promise<Result | null> {
    const [uid, gid] = [await this.#idOf("-u", user), await this.#idOf("-g", user)];
    return uid === null || gid === null ? null : collect(this.#tools[tool], args, toolMs, { uid, gid });
  }

  /** A program of an installed release. */
  program(path: string, ...args: readonly string[]): Promise<Result> {
    return collect(this.at(path), args, toolMs);
  }

  /** Null when there is no such account. */
  async uidOf(name: string): Promise<number | null> {
    return name === "root" ? 0 : this.#idOf("-u", name);
  }

  async #idOf(option: "-u" | "-g", name: string): Promise<number | null> {
    const { exit, stdout } = await this.run("id", option, name);
    return exit === 0 && /^\d+\n$/.test(stdout) ? Number(stdout) : null;
  }

  /** Null when it has none, or one whose name has to be escaped in XML. */
  async homeOf(name: string): Promise<string | null> {
    const { exit, stdout } = await this.run("dscl", "-plist", ".", "-read", `/Users/${name}`, "NFSHomeDirectory");
    const home = /NFSHomeDirectory<\/key>\s*<array>\s*<string>(\/[^<&]*)<\/string>/.exec(stdout)?.[1];
    return exit === 0 && home !== undefined ? home : null;
  }
}
