/** Runs the launcher as somebody without rights, also when the tests run as root. */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { needsRoot } from "../root.ts";

export const checkout = join(import.meta.dirname, "../..");
const nobody = 65_534;

function everybodyCanReach(path: string): boolean {
  if ((statSync(path).mode & 0o001) === 0) return false;
  return path === "/" || everybodyCanReach(dirname(path));
}

/** A checkout below a closed folder (root's home) is reached with one capability; the uid is an ordinary one all the same. */
function prefix(): string[] {
  if (needsRoot !== false) return [];
  const ids = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
  const reach = everybodyCanReach(checkout) ? [] : ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  return process.platform === "darwin" ? ["/usr/bin/sudo", "-u", "nobody"] : ["/usr/bin/setpriv", ...ids, ...reach];
}

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `./taskcluster-worker …argv` with only these variables in its environment. */
export function launch(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const [program = "", ...words] = [...prefix(), join(checkout, "taskcluster-worker"), ...argv];
  const variables = { PATH: "/usr/bin:/bin", HOME: "/nonexistent", ...env };
  return new Promise((resolve) => {
    execFile(program, words, { cwd: checkout, env: variables, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : typeof error.code === "number" ? error.code : null, stdout, stderr });
    });
  });
}
