/** The one place where the agent starts a program of its own. What belongs to a task is never started here. */
import { execa } from "execa";

const timeoutMs = 10_000;
const maxBytes = 64 * 1024;

function run(file: `/${string}`, args: readonly string[]) {
  return execa(file, args, {
    reject: false,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
    extendEnv: false,
    stdin: "ignore",
    all: true,
    timeout: timeoutMs,
    maxBuffer: maxBytes,
  });
}

/**
 * Runs a system tool by its absolute path, without a shell, with a constant environment, and resolves to what it wrote
 * to stdout, without the last line end. Null when it cannot be started, fails, takes longer than 10 s or writes too much.
 */
export async function toolOutput(file: `/${string}`, args: readonly string[]): Promise<string | null> {
  const { failed, stdout } = await run(file, args);
  return failed ? null : stdout;
}

/** Lines of bash as the agent's own account, for `break-in` alone: what they wrote, and their exit code, if they had one. */
export async function bashOutput(lines: string): Promise<{ code: number | undefined; output: string }> {
  const { exitCode, all } = await run("/bin/bash", ["-c", lines]);
  return { code: exitCode, output: all };
}
