/** What is installed on this machine, as the installed files themselves say. */
import { basename } from "node:path";
import { workerAccount } from "../layout.ts";
import { agentLabel } from "../plists.ts";
import { type Machine, outputOf } from "./machine.ts";
import type { Paths } from "./subject.ts";

export interface AgentAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Installation {
  /** Of what `current` leads to; null when it leads nowhere. */
  readonly version: string | null;
  /** Null when the agent's job is not there, or names no account that exists. */
  readonly agent: AgentAccount | null;
  /** `aqua`: in the graphics session of the agent's account. `system`: without one. */
  readonly session: "aqua" | "system";
}

async function numberOf(machine: Machine, option: "-u" | "-g", user: string): Promise<number | null> {
  const output = await outputOf(machine, "/usr/bin/id", [option, "--", user]);
  const text = output.ok ? output.text.trim() : "";
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}

async function accountOf(machine: Machine, user: string): Promise<AgentAccount | null> {
  const name = await outputOf(machine, "/usr/bin/id", ["-un", "--", user]);
  const uid = await numberOf(machine, "-u", user);
  const gid = await numberOf(machine, "-g", user);
  return name.ok && uid !== null && gid !== null ? { name: name.text.trim(), uid, gid } : null;
}

/** The uid that the guard of the agent's job compares with: the word behind its label. */
function guardedUid(plist: string): string | undefined {
  return new RegExp(`<string>${agentLabel}</string>\\s*<string>(\\d{1,10})</string>`).exec(plist)?.[1];
}

/** Null when no part of an installation is there. */
export async function findInstallation(machine: Machine, paths: Paths): Promise<Installation | null> {
  const { base, current, helperPlist, agentPlist, headlessPlist } = paths;
  if (![base, helperPlist, agentPlist, headlessPlist].some((path) => machine.look(path))) return null;
  const resolved = machine.resolve(current);
  // The folder of a version has the digest of its manifest behind the version.
  const version = resolved === null ? null : basename(resolved).replace(/-[0-9a-f]{12}$/, "");
  if (machine.look(headlessPlist)) {
    return { version, agent: await accountOf(machine, workerAccount), session: "system" };
  }
  const uid = guardedUid(machine.read(agentPlist) ?? "");
  return { version, agent: uid === undefined ? null : await accountOf(machine, uid), session: "aqua" };
}
