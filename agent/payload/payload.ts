/** One internal task, whichever of the two dialects its payload was written in. `parse.ts` alone makes it. */

export type Dialect = "generic-worker" | "taskcluster-worker";

export interface ArtifactSpec {
  readonly type: "file" | "directory";
  /** Relative to the home of the task user, or absolute. */
  readonly path: string;
  readonly name: string;
  /** The expiry of the task when absent. */
  readonly expires?: string;
  /** Guessed from the name when absent. */
  readonly contentType?: string;
  readonly contentEncoding?: "identity" | "gzip";
  /** A missing file leaves an error artifact, but the task can complete. */
  readonly optional: boolean;
}

/** Shells for people, as the task asks for them. */
export interface InteractiveSpec {
  /** Name of the artifact that leads to the page. */
  readonly pageArtifact: string;
  /** Name of the artifact with the addresses; null for none. */
  readonly socketsArtifact: string | null;
  /** Whether the task goes on after its commands for as long as a shell is open. */
  readonly holdsTask: boolean;
}

export interface TaskPayload {
  readonly dialect: Dialect;
  /** A file that is downloaded, placed in the home under its own name and made executable. */
  readonly link?: { readonly url: string; readonly sha256?: string };
  /** Address of an archive that is unpacked in the home, or of a plain file that is placed there. */
  readonly context?: string;
  /** One argv each, run in order. Empty only with `link`: the downloaded file is then the one command. */
  readonly commands: readonly (readonly string[])[];
  readonly env: Readonly<Record<string, string>>;
  /** Wall clock for all commands together; null: `maxTaskRunTime` of the worker counts. */
  readonly maxRunTimeSeconds: number | null;
  readonly artifacts: readonly ArtifactSpec[];
  /** Names of the log artifacts. */
  readonly logs: { readonly live: string; readonly backing: string };
  readonly onExitStatus: { readonly retry: readonly number[] };
  readonly features: { readonly liveLog: boolean; readonly backingLog: boolean; readonly resourceMonitor: boolean };
  readonly interactive: InteractiveSpec | null;
  /** A line each for the task log about what was asked for and has no effect. */
  readonly notices: readonly string[];
}

/** What the plugins get when the payload is refused: no work, but logs that tell the author why. */
export function emptyPayload(dialect: Dialect): TaskPayload {
  return {
    dialect,
    commands: [],
    env: {},
    maxRunTimeSeconds: null,
    artifacts: [],
    logs: { live: "public/logs/live.log", backing: "public/logs/live_backing.log" },
    onExitStatus: { retry: [] },
    features: { liveLog: true, backingLog: true, resourceMonitor: true },
    interactive: null,
    notices: [],
  };
}
