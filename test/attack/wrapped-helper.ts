/** The helper's program, started by a test's own wrapper: a tracer, a terminal, a shell with descriptors of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../helper/config.ts";
import { helperFlags } from "../../helper/flags.ts";
import { type Places, placesOf } from "../../helper/places.ts";
import { writeConfig } from "../../helper/slice.ts";
import type { RealHelper } from "../helper/real-helper.ts";
import { eventually, within } from "../helper/wait.ts";

export interface WrappedHelper {
  readonly places: Places;
  /** Of the helper, not of its wrapper. */
  readonly pid: number;
  /** SIGTERM, waits for the wrapper's end, and removes what the instance has made. */
  stop(): Promise<void>;
}

/**
 * Starts an instance of its own with the staged code of `helper`, which must go on running meanwhile. The 25 uids from
 * `firstUid` belong to the installed worker, so that no slice has them.
 */
export async function startWrapped(
  helper: RealHelper,
  firstUid: number,
  wrap: (argv: readonly string[]) => readonly [string, ...string[]],
  cwd = "/",
): Promise<WrappedHelper> {
  const instance = `wrapped-${firstUid}`;
  const places = placesOf(instance);
  for (const directory of [places.state, places.runParent]) mkdirSync(directory, { recursive: true, mode: 0o755 });
  mkdirSync(places.logs, { recursive: true, mode: 0o700 });
  const dscl = join(helper.dsclDir, "dscl");
  const config = writeConfig(join(places.state, "helper.json"), firstUid, helper.code, { dscl });
  const flags = helperFlags(places, readConfig(config), false);
  const [program, ...argv] = wrap([
    ...[helper.node, ...flags, join(helper.code, "helper/main.ts")],
    ...["--instance", instance, "--config", config],
  ]);
  const child = spawn(program, argv, { cwd, env: {}, stdio: ["ignore", "ignore", "pipe"] });
  const said = errorsOf(child);
  const gone = once(child, "exit");
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  await eventually(() => existsSync(places.status) || isOver(), "the wrapped helper listens");
  if (isOver()) throw new Error(`the wrapped helper ended: ${said()}`);
  const { pid }: { pid: number } = JSON.parse(readFileSync(places.status, "utf8"));
  return {
    places,
    pid,
    async stop() {
      process.kill(pid, "SIGTERM");
      await within(gone, "the end of the wrapped helper", 60_000);
      for (const directory of [places.state, places.logs]) rmSync(directory, { recursive: true });
    },
  };
}

function errorsOf(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    text = `${text}${part}`.slice(-4096);
  });
  return () => text;
}
