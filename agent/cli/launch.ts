/** What the starter hands to the agent across the drop of rights: a few environment variables, read here and nowhere else. */
import { mkdirSync } from "node:fs";
import { Socket } from "node:net";
import { CommandError, exitStatus } from "./exit-status.ts";

export interface Launch {
  /** The helper that the starter started for us; null when there is none. */
  readonly helper: { readonly instance: string; readonly socket: string } | null;
  /** The agent's own directory, made here as the agent; null without a starter. */
  readonly state: string | null;
  /** Descriptors of files opened before the drop, by the path as it was written on the command line. */
  readonly files: ReadonlyMap<string, number>;
  /** The directory for --artifacts, made by the starter. */
  readonly artifacts: string | null;
  /** What `break-in` guards: a file that only root can read, and the SHA-256 of its text. */
  readonly flag: { readonly path: string; readonly sha256: string } | null;
  /** End of file on this descriptor means that the starter is gone. */
  readonly lifeline: number | null;
}

const names = [
  "TCW_INSTANCE",
  "TCW_SOCKET",
  "TCW_STATE",
  "TCW_FILES",
  "TCW_ARTIFACTS",
  "TCW_FLAG",
  "TCW_LIFELINE",
] as const;

function descriptor(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 2) return value;
  throw new CommandError(exitStatus.internal, "the starter handed over a descriptor that is none");
}

function parseFiles(text: string | undefined): Map<string, number> {
  if (!text) return new Map();
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return new Map();
  return new Map(Object.entries(value).map(([path, fd]) => [path, descriptor(fd)]));
}

/** Reads the variables and removes them from `env`, so that no child of the agent inherits them. */
export function takeLaunch(env: NodeJS.ProcessEnv): Launch {
  const taken = Object.fromEntries(names.map((name) => [name, env[name]]));
  for (const name of names) delete env[name];
  const instance = taken["TCW_INSTANCE"];
  const socket = taken["TCW_SOCKET"];
  const lifeline = taken["TCW_LIFELINE"];
  const state = taken["TCW_STATE"];
  const [flagPath, sha256] = taken["TCW_FLAG"]?.split(" ") ?? [];
  if (state) mkdirSync(state, { recursive: true, mode: 0o700 });
  return {
    helper: instance && socket ? { instance, socket } : null,
    state: taken["TCW_STATE"] || null,
    files: parseFiles(taken["TCW_FILES"]),
    artifacts: taken["TCW_ARTIFACTS"] || null,
    flag: flagPath && sha256 ? { path: flagPath, sha256 } : null,
    lifeline: !lifeline ? null : descriptor(Number(lifeline)),
  };
}

/** Calls `gone` once when the starter has died. The watch alone does not keep the process alive. */
export function watchLifeline(launch: Launch, gone: () => void): void {
  if (launch.lifeline === null) return;
  const pipe = new Socket({ fd: launch.lifeline, readable: true, writable: false });
  pipe.on("error", () => {}).once("close", gone);
  pipe.resume();
  pipe.unref();
}
