/** The real launcher, started as a person starts it: its output as it comes, its status, and the processes behind it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventually, within } from "../helper/wait.ts";

export const checkout = join(import.meta.dirname, "../..");
/** No story may last longer, in milliseconds. */
const longestMs = 120_000;

export interface LaunchOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another copy of the project. */
  readonly root?: string;
  readonly uid?: number;
}

export class Launched {
  readonly #child: ChildProcess;
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly #ended: Promise<unknown>;

  constructor(argv: readonly string[], { cwd = checkout, env = {}, root = checkout, uid }: LaunchOptions = {}) {
    const ids = uid === undefined ? {} : { uid, gid: uid };
    this.#child = spawn(join(root, "taskcluster-worker"), argv, {
      ...ids,
      cwd,
      env: { PATH: "/usr/bin:/bin", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error("the launcher has no output");
    createInterface({ input: stdout }).on("line", (line) => this.stdout.push(line));
    createInterface({ input: stderr }).on("line", (line) => this.stderr.push(line));
    this.#ended = once(this.#child, "close");
  }

  /** The starter's pid: the launcher becomes it. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The exit status, whenever it comes; null when a signal ended it. */
  async end(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  /** The same, of one that must end soon. */
  async status(): Promise<number | null> {
    await within(this.#ended, `the end of the launcher, which said: ${this.stderr.join("; ")}`, longestMs);
    return this.#child.exitCode;
  }

  /** Resolves when a line of stdout or stderr holds the text. */
  async said(text: string): Promise<void> {
    const ended = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    const holds = () => [...this.stdout, ...this.stderr].some((line) => line.includes(text));
    await eventually(() => holds() || ended(), `the launcher said "${text}"`, longestMs);
    if (!holds()) throw new Error(`the launcher ended without "${text}": ${this.stderr.join("; ")}`);
  }

  /** The pids of the helper and the agent that the starter has now. */
  processes(): { helper: number; agent: number } {
    const { stdout } = spawnSync("/bin/ps", ["-o", "pid=,args=", "--ppid", `${this.pid}`], { encoding: "utf8" });
    const pidOf = (script: string) =>
      Number(
        stdout
          .split("\n")
          .find((line) => line.includes(script))
          ?.trim()
          .split(" ")[0],
      );
    return { helper: pidOf("/helper/main.ts"), agent: pidOf("/agent/main.ts") };
  }
}
