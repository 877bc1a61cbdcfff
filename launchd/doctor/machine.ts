/** All that doctor can do to the machine it looks at. Checks use nothing else, so that tests can stand in for any Mac. */
import type { Config } from "../../helper/config.ts";
import type { NodeSource } from "../release/manifest.ts";

export type Absolute = `/${string}`;

/** What lies at a path, links not followed. */
export interface Entry {
  readonly kind: "file" | "directory" | "socket" | "link" | "other";
  readonly uid: number;
  readonly gid: number;
  /** The permission bits, set-id and sticky bits with them. */
  readonly mode: number;
  /** In bytes. */
  readonly size: number;
  /** Two paths with the same number lie on the same volume. */
  readonly volume: number;
}

/** How a tool ended. Its output is cut at a bound, and then `too-much`. */
export type Ran =
  | { readonly end: "exited"; readonly status: number; readonly stdout: string; readonly stderr: string }
  | { readonly end: "not-started" | "timed-out" | "too-much" | "killed"; readonly why: string };

export interface ToolOptions {
  /** Default 10 s. A tool that takes longer is ended. */
  readonly timeoutMs?: number;
  /** The account to run it as; only root can. */
  readonly as?: { readonly uid: number; readonly gid: number };
  /** SIGTERM lets it clean up for so long before it is killed. Default 0: killed at once. */
  readonly graceMs?: number;
}

/** The account that doctor runs as may not look. `path` is what it wanted to see. */
export class DeniedError extends Error {
  readonly path: string;
  constructor(path: string) {
    super(`${path} may not be looked at`);
    this.path = path;
  }
}

/** Paths that are absent answer null; what may not be looked at throws DeniedError. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** The effective one of doctor itself. */
  readonly uid: number;
  now(): Date;
  look(path: string): Entry | null;
  /** The path without links. */
  resolve(path: string): string | null;
  list(path: string): readonly string[] | null;
  /** At most 1 MiB. */
  read(path: string): string | null;
  /** Megabytes of 1,000,000 bytes on its volume, as anybody but root can use them. */
  freeMegabytes(path: string): number | null;
  isProcess(pid: number): boolean;
  /** helper.json as the helper reads it. Throws with the helper's sentence when it would refuse it. */
  helperConfig(path: string): Config;
  /** A sentence for each file of a release that is not as its manifest says. Throws when there is no manifest. */
  wrongFiles(release: string): readonly string[];
  /** Where a release's Node is from, by its manifest. Throws when there is none. */
  nodeSource(release: string): NodeSource;
  /** By absolute path, with a constant environment and no input. Never throws. */
  run(tool: Absolute, args: readonly string[], options?: ToolOptions): Promise<Ran>;
}

/** What a tool wrote when it ended with 0, else a sentence about how it ended. */
export type Output = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

/** The tool's stdout and stderr: some of Apple's answer on one, some on the other. */
export async function outputOf(
  machine: Machine,
  tool: Absolute,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<Output> {
  const ran = await machine.run(tool, args, options);
  if (ran.end !== "exited") return { ok: false, why: `${tool} ${ran.why}` };
  if (ran.status === 0) return { ok: true, text: `${ran.stdout}${ran.stderr}` };
  const said = (ran.stderr || ran.stdout).trim().split("\n").at(-1)?.slice(0, 200) ?? "";
  return { ok: false, why: `${tool} ended with ${ran.status}${said === "" ? "" : ` (${said})`}` };
}
