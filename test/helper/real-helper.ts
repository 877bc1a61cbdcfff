/** Starts the real helper, as root, on the first free slice, from staged code, for tests. */
import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { logRoot, type Places, placesOf, stateRoot } from "../../helper/places.ts";
import { type Slice, slices, startHelper, writeConfig } from "../../helper/slice.ts";
import { stage } from "../../helper/stage.ts";

const root = dirname(dirname(import.meta.dirname));

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
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts a new helper of the same slice. Resolves when it listens: what was left has been ended by then. */
  restart(): Promise<void>;
  /** Clean end; removes what the test made. */
  stop(): Promise<void>;
}

function agentAccount(node: string, code: string, action: string, config: string): void {
  const run = spawnSync(node, [join(code, "helper/agent-account.ts"), action, config], { cwd: "/", encoding: "utf8" });
  if (run.status !== 0) throw new Error(`agent-account ${action}: ${run.stderr}`);
}

/** `settings` go into helper.json. */
export async function startRealHelper(settings: Record<string, unknown> = {}): Promise<RealHelper> {
  const umask = process.umask(0o022);
  for (const directory of [`${stateRoot}/staged`, logRoot]) mkdirSync(directory, { recursive: true });
  mkdirSync(`${stateRoot}/private`, { recursive: true, mode: 0o700 });
  const { node, code } = stage(root, process.execPath, `${stateRoot}/staged`);
  process.umask(umask);
  const dsclDir = mkdtempSync(`${stateRoot}/private/test-`);
  chmodSync(dsclDir, 0o755);
  copyFileSync(join(root, "test/dscl/dscl"), join(dsclDir, "dscl"));
  chmodSync(join(dsclDir, "dscl"), 0o755);
  writeFileSync(join(dsclDir, "argv.log"), "");
  const accountConfig = writeConfig(join(dsclDir, "helper.json"), 5500, code);
  agentAccount(node, code, "acquire", accountConfig);
  const own = { dscl: join(dsclDir, "dscl"), ...settings };

  async function start(candidates: Slice[]): Promise<{ slice: Slice; child: ChildProcess }> {
    for (const slice of candidates) {
      const child = await startHelper(slice, node, code, own);
      if (typeof child !== "number") return { slice, child };
      if (child !== 75)
        throw new Error(
          `the helper ended with ${child}: ${readFileSync(`${placesOf(slice.name).logs}/helper.log`, "utf8")}`,
        );
    }
    throw new Error("no slice is free");
  }

  let { slice, child } = await start(slices);
  const places = placesOf(slice.name);
  return {
    slice,
    places,
    socketPath: places.socket,
    get process() {
      return child;
    },
    dsclDir,
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
      ({ child } = await start([slice]));
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, "exit");
        child.stdin?.end();
        await gone;
      }
      agentAccount(node, code, "release", accountConfig);
      rmSync(dsclDir, { recursive: true });
    },
  };
}
