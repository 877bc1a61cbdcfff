/** The one place where the agent starts a program of its own. What belongs to a task is never started here. */
import { execa } from "execa";

const timeoutMs = 10_000;
const maxBytes = 64 * 1024;

/**
 * Runs a system tool by its absolute path, without a shell, with a constant environment, and resolves to what it wrote
 * to stdout, without the last line end. Null when it cannot be started, fails, takes longer than 10 s or writes too much.
 */
export async function toolOutput(file: `/${string}`, args: readonly string[]): Promise<string | null> {
  const run = await execa(file, args, {
    reject: false,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
    extendEnv: false,
    stdin: "ignore",
    stderr: "ignore",
    timeout: timeoutMs,
    maxBuffer: maxBytes,
  });
  return run.failed ? null : run.stdout;
}
