/** What a plan has to know of the machine: accounts, and the settings that are there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Config, readConfig } from "../../helper/config.ts";
import { helperFlags } from "../../helper/flags.ts";
import { exitStatus } from "../../shared/exit-status.ts";
import * as validators from "../../shared/protocol/validators.js";
import type { Arguments } from "../arguments.ts";
import { layoutOf } from "../layout.ts";
import { Refusal, type Status } from "../refusal.ts";
import type { Choices } from "./choices.ts";
import type { Context } from "./context.ts";
import type { Machine } from "./machine.ts";
import { checkedNode } from "./node-build.ts";
import type { Facts } from "./plan.ts";
import { digestOf, type Source, sourceAt } from "./source.ts";
import { textOf } from "./text-of.ts";
import { helperSkeleton, workerSkeleton } from "./texts.ts";

const layout = layoutOf();

/** The helper's settings that are there, or will be. Throws Refusal when they do not go with what was chosen. */
function helperConfigOf(machine: Machine, { volume, agentUser }: Choices): { text: string; config: Config } {
  const path = machine.at(layout.helperConfig);
  const refuse = (sentence: string): never => {
    throw new Refusal(exitStatus.misconfigured, sentence);
  };
  const text = helperSkeleton(volume === null ? "/Users" : layout.volume);
  if (!existsSync(path)) {
    const json: unknown = JSON.parse(text);
    if (!validators.config(json)) return refuse("the settings of the helper are not valid");
    return { text, config: { tasksDir: "/Users", ...json } };
  }
  let config: Config;
  try {
    config = readConfig(path);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (volume !== null && config.tasksDir !== layout.volume) {
    refuse(`${layout.helperConfig} has tasksDir ${config.tasksDir}: for --volume it must be ${layout.volume}`);
  }
  if (agentUser !== null && config.sessionUser !== "" && config.sessionUser !== agentUser) {
    refuse(`${layout.helperConfig} names a sessionUser, so the worker must be a system job: use --headless`);
  }
  return { text, config };
}

async function agentOf(machine: Machine, user: string | null): Promise<Pick<Facts, "agentUid" | "agentHome">> {
  if (user === null) return { agentUid: null, agentHome: null };
  const uid = await machine.uidOf(user);
  if (uid === null)
    throw new Refusal(exitStatus.usage, `there is no account ${user}: name the one that logs in by itself`);
  if (uid < 500 || (uid >= 4900 && uid < 6000)) {
    throw new Refusal(exitStatus.usage, `${user} (uid ${uid}) cannot be the agent: name an ordinary account`);
  }
  const home = await machine.homeOf(user);
  if (home === null) throw new Refusal(exitStatus.misconfigured, `${user} has no home: name an ordinary account`);
  return { agentUid: uid, agentHome: home };
}

interface Wanted {
  readonly choices: Choices;
  readonly source: Source;
  /** Node's program, where another one is given than that of the source. */
  readonly node: string | null;
  /** A file with the worker's settings. */
  readonly workerConfig: string | null;
}

async function factsOf(machine: Machine, { choices, source, node, workerConfig }: Wanted): Promise<Facts> {
  const { text: helperConfig, config } = helperConfigOf(machine, choices);
  const there = textOf(machine.at(layout.workerConfig));
  const given = workerConfig === null ? null : textOf(workerConfig);
  if (workerConfig !== null && given === null) throw new Refusal(exitStatus.usage, `${workerConfig} cannot be read`);
  return {
    ...{ choices, version: source.version, source: source.path, node, helperConfig },
    digest: digestOf(source, machine.platform, node),
    ...(await agentOf(machine, choices.agentUser)),
    helperFlags: helperFlags(layout.places, config, true),
    workerConfig: given ?? workerSkeleton,
    configured: (there ?? given ?? workerSkeleton) !== workerSkeleton,
  };
}

/** Whether settings that were given are not used, because there are others. */
function keepsOwnSettings(machine: Machine, workerConfig: string): boolean {
  const path = machine.at(layout.workerConfig);
  return existsSync(path) && textOf(path) !== textOf(workerConfig);
}

/** `work` has the facts for what was given, and Node's file for as long as it takes. */
export async function withFacts(
  { machine, source: path, say }: Context,
  { values }: Arguments,
  choices: Choices,
  work: (facts: Facts) => Promise<Status>,
): Promise<Status> {
  const source = sourceAt(path);
  const [file, workerConfig] = [values.get("node"), values.get("config") ?? null];
  const list = join(import.meta.dirname, "../node.sha256");
  const build = file === undefined ? null : checkedNode({ file, sha256: values.get("node-sha256"), list });
  try {
    if (!build && source.npmNode) {
      const what = "Node is the build that a third party publishes on npm, not the official one";
      say(`warning: ${what}; name the official one with --node FILE`);
    }
    if (workerConfig !== null && keepsOwnSettings(machine, workerConfig)) {
      say(`${layout.workerConfig} is there and stays as it is; ${workerConfig} is not used`);
    }
    return await work(await factsOf(machine, { choices, source, node: build?.program ?? null, workerConfig }));
  } finally {
    build?.forget();
  }
}
