/**
 * What a real helper needs beside it: its staged copy, and the agent's account. test/run.ts makes both once for all of its
 * files, because making them takes more of the processor than most of these tests do.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { logRoot, stateRoot } from "../../helper/places.ts";
import { writeConfig } from "../../helper/slice.ts";
import { stage } from "../../helper/stage.ts";
import { sweepLeftovers } from "../leftovers.ts";
import { liveAsStarter } from "./living-starter.ts";
import { copyStandIn } from "./stand-in.ts";

const root = dirname(dirname(import.meta.dirname));
const variable = "TEST_PREPARED_FOR_HELPERS";

export interface Prepared {
  /** The staged Node and the staged code. */
  readonly node: string;
  readonly code: string;
  /** Gives the account back. */
  release(): void;
}

/** `acquire` or `release`: makes the agent's account for this process, or gives it back. */
export function agentAccount(node: string, code: string, action: string, config: string): void {
  liveAsStarter();
  const run = spawnSync(node, [join(code, "helper/agent-account.ts"), action, config], { cwd: "/", encoding: "utf8" });
  if (run.status !== 0) throw new Error(`agent-account ${action}: ${run.stderr}`);
}

async function make(): Promise<Prepared> {
  sweepLeftovers();
  const umask = process.umask(0o022);
  for (const directory of [`${stateRoot}/staged`, logRoot]) mkdirSync(directory, { recursive: true });
  mkdirSync(`${stateRoot}/private`, { recursive: true, mode: 0o700 });
  const { node, code } = await stage(root, process.execPath, `${stateRoot}/staged`);
  process.umask(umask);
  const folder = mkdtempSync(`${stateRoot}/private/test-`);
  const dscl = copyStandIn(join(folder, "dscl"));
  const config = writeConfig(join(folder, "helper.json"), 5500, code, { dscl });
  try {
    agentAccount(node, code, "acquire", config);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  return {
    ...{ node, code },
    release() {
      agentAccount(node, code, "release", config);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Makes it for the processes of this one, too. */
export async function prepareForAll(): Promise<Prepared> {
  const prepared = await make();
  process.env[variable] = JSON.stringify([prepared.node, prepared.code]);
  return prepared;
}

/** What this machine has for all, or what is made now. */
export async function prepare(): Promise<Prepared> {
  const given: string[] = JSON.parse(process.env[variable] ?? "[]");
  const [node, code] = given;
  if (!node || !code || !existsSync(code)) return make();
  liveAsStarter();
  return { node, code, release: () => {} };
}
