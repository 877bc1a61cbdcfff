/** Starts the real helper, as root, on the first free slice, from staged code, for tests. */
import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../../helper/lock.ts";
import { type Places, placesOf, stateRoot } from "../../helper/places.ts";
import { type Slice, slices, startHelper, writeConfig } from "../../helper/slice.ts";
import { accountsIn, toolOutput } from "./machine.ts";
import { prepare } from "./prepared.ts";
import { copyStandIn } from "./stand-in.ts";
import { eventually } from "./wait.ts";

export interface RealHelper {
  readonly slice: Slice;
  readonly places: Places;
  readonly socketPath: string;
  /** The process as it runs now; another one after `restart`. */
  readonly process: ChildProcess;
  /** Directory of this test's own copy of the dscl stand-in: `modes`, `argv.log`. */
  readonly dsclDir: string;
  /** Sets the stand-in's modes, as in test/dscl/README.md. */
  modes(text: string): void;
  audit(): Record<string, unknown>[];
  /** The stand-in's calls so far, one argv each. */
  calls(): string[][];
  /** Runs the test's own stand-in as root and returns what it printed. Throws when it fails. */
  dscl(...argv: string[]): string;
  /** status.json as it is now. */
  status(): { agent: boolean; live: number; resting: number; quarantined: number };
  /** Resolves when no agent is connected and every user of earlier connections has ended. */
  idle(): Promise<void>;
  /** What the helpers of this slice have logged since the start. */
  log(): string;
  /** The staged Node and the staged code that the helper runs. */
  readonly node: string;
  readonly code: string;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts a new helper of the same slice. Resolves when it listens: what was left has been ended by then. */
  restart(): Promise<void>;
  /** Removes what resting and quarantined users keep, with the journal of them. No helper may be running. */
  forget(): void;
  /** Clean end, as when the starter goes; what was left to remove is removed. No client may be connected. */
  stop(): Promise<void>;
}

/**
 * A slice for this process, from the end of the list, so that starters, which take the first, are met last. No other test
 * takes it while its helper is killed and not yet restarted.
 */
function reserve(): { slice: Slice; giveBack: () => void } {
  for (const slice of slices.toReversed()) {
    const lock = takeLock(`${stateRoot}/private/test-${slice.name}.lock`);
    if (lock) return { slice, giveBack: () => lock.close() };
  }
  throw new Error("every slice is in use by a test");
}

export type Settings = Readonly<Record<string, unknown>>;

/** Settings go into helper.json; those that depend on the slice are asked for by its first uid. */
export async function startRealHelper(
  settingsFor: Settings | ((firstUid: number) => Settings) = {},
): Promise<RealHelper> {
  const { node, code, release } = await prepare();
  const dsclDir = mkdtempSync(`${stateRoot}/private/test-`);
  chmodSync(dsclDir, 0o755);
  copyStandIn(join(dsclDir, "dscl"));
  writeFileSync(join(dsclDir, "argv.log"), "");
  writeConfig(join(dsclDir, "helper.json"), 5500, code);
  const { slice, giveBack } = reserve();
  const settings = typeof settingsFor === "function" ? settingsFor(slice.firstUid) : settingsFor;
  const own = { dscl: join(dsclDir, "dscl"), ...settings };
  async function start(): Promise<ChildProcess> {
    const child = await startHelper(slice, node, code, own);
    if (typeof child !== "number") return child;
    const log = readFileSync(`${placesOf(slice.name).logs}/helper.log`, "utf8")
      .trim()
      .split("\n")
      .at(-1);
    throw new Error(`the helper ended with ${child}: ${log}`);
  }

  let child = await start();
  const places = placesOf(slice.name);
  const logFile = `${places.logs}/helper.log`;
  const logBefore = readFileSync(logFile, "utf8").length;
  const tasksDir = typeof settings["tasksDir"] === "string" ? settings["tasksDir"] : "/home";
  const status = (): ReturnType<RealHelper["status"]> => JSON.parse(readFileSync(places.status, "utf8"));

  const idle = (): Promise<void> =>
    eventually(() => !status().agent && status().live === 0, "the helper has ended every user of a closed connection");

  /** Resting and quarantined users outlive a helper; a test's must not. */
  function removeLeftovers(): void {
    writeFileSync(join(dsclDir, "modes"), "");
    for (const type of ["Users", "Groups"]) {
      for (const line of accountsIn(slice.firstUid, slice.firstUid + 24)) {
        const path = `/${type}/${line.split(":")[0]}`;
        if (spawnSync(own.dscl, [".", "-read", path]).status === 0) toolOutput(own.dscl, ".", "-delete", path);
      }
    }
    if (!existsSync(`${places.private}/journal`)) return;
    const names = [...readFileSync(`${places.private}/journal`, "utf8").matchAll(/"name":"(tcw-[a-z2-7]{8})"/g)];
    for (const [, name] of names) rmSync(join(tasksDir, `${name}`), { recursive: true, force: true });
    const graveyard = join(tasksDir, `.taskcluster-worker-${slice.name}`);
    for (const grave of existsSync(graveyard) ? readdirSync(graveyard) : []) {
      rmSync(join(graveyard, grave), { recursive: true });
    }
    rmSync(`${places.private}/journal`);
  }
  return {
    slice,
    places,
    socketPath: places.socket,
    get process() {
      return child;
    },
    dsclDir,
    node,
    code,
    calls: () =>
      readFileSync(join(dsclDir, "argv.log"), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
    dscl: (...argv) => toolOutput(own.dscl, ...argv),
    status,
    idle,
    log: () => readFileSync(logFile, "utf8").slice(logBefore),
    modes: (text) => writeFileSync(join(dsclDir, "modes"), text),
    audit: () =>
      readFileSync(`${places.logs}/audit.log`, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
    async kill() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
    async restart() {
      child = await start();
    },
    forget: removeLeftovers,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) child = await start();
      await idle();
      removeLeftovers(); // The helper still holds the slice meanwhile.
      const gone = once(child, "exit");
      child.stdin?.end();
      await gone;
      release();
      rmSync(dsclDir, { recursive: true });
      giveBack();
    },
  };
}
