/**
 * Runs a program to its end: with a constant environment and a time limit, in the process group of its probe, so that it
 * ends with that.
 */
import { spawn } from "node:child_process";

export interface Ran {
  /** Null when a signal ended it. */
  readonly exit: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunProgram {
  readonly uid?: number;
  readonly gid?: number | undefined;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until it is killed. */
  readonly timeout?: number;
}

const constantEnv = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" };
const mostOutput = 4 * 1024 * 1024;

/** Rejects when the program cannot be started, or outlives its time. */
export function runProgram(file: string, argv: readonly string[], options: RunProgram = {}): Promise<Ran> {
  const { timeout = 20_000, cwd = "/", env = constantEnv, ...ids } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, { ...ids, cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        if (said[name].length < mostOutput) said[name] += text;
      });
    }
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${file} ${argv.join(" ")} did not end in ${timeout / 1000} s`));
    }, timeout);
    child.on("error", (error) => {
      clearTimeout(late);
      reject(error);
    });
    child.on("close", (exit, signal) => {
      clearTimeout(late);
      resolve({ exit, signal, ...said });
    });
  });
}

/** SIGKILL to a process group of which `pid` is or was the leader; nothing when it has ended. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

export function isRan(value: unknown): value is Ran {
  if (typeof value !== "object" || value === null) return false;
  const { exit, signal, stdout, stderr }: Readonly<Record<string, unknown>> = { ...value };
  return (
    (exit === null || typeof exit === "number") &&
    (signal === null || typeof signal === "string") &&
    typeof stdout === "string" &&
    typeof stderr === "string"
  );
}
