/** What the helper holds, made once at its start, and what it says of itself in status.json. */
import { chmodSync, renameSync, writeFileSync } from "node:fs";
import { PROTOCOL } from "../shared/protocol/limits.ts";
import { Audit } from "./audit.ts";
import type { Config } from "./config.ts";
import { Directories } from "./directories.ts";
import { Dscl } from "./dscl.ts";
import { Journal } from "./journal.ts";
import type { Places } from "./places.ts";

export const version = "0.1.0";
export type Helper = ReturnType<typeof makeHelper>;

/** Opens the journal and the audit log. Throws when one of them, or the tasks directory, is not as it must be. */
export function makeHelper(instance: string, places: Places, config: Config) {
  const audit = new Audit(`${places.logs}/audit.log`);
  const journal = new Journal(`${places.private}/journal`, config.uidRange);
  const directories = new Directories(config.tasksDir, instance);
  const dscl = new Dscl(config.dscl, audit);
  /** Whether an agent is connected, when one has last said hello, and what status.json says. */
  const news = { agent: false, lastHello: 0, status: "" };
  /** Users that are being made, of all connections. */
  const making = { count: 0 };
  return { places, config, audit, journal, directories, dscl, news, making };
}

/** How many task users there are. */
export function counts({ journal }: Helper): { live: number; resting: number; quarantined: number } {
  const counts = { live: 0, resting: 0, quarantined: 0 };
  for (const { state } of journal.users.values()) {
    counts[state === "resting" || state === "quarantined" ? state : "live"] += 1;
  }
  return counts;
}

/** Replaces status.json when something of it has changed. Best effort: a full disk must not end the helper. */
export function publish(helper: Helper): void {
  const { audit, dscl, news, places } = helper;
  const { agent, lastHello } = news;
  const users = { ...counts(helper), lastDeletionExit: dscl.lastDeletionExit };
  const status = JSON.stringify({ pid: process.pid, version, protocol: PROTOCOL, agent, lastHello, ...users });
  if (status === news.status) return;
  try {
    writeFileSync(`${places.status}.new`, `${status}\n`);
    chmodSync(`${places.status}.new`, 0o644);
    renameSync(`${places.status}.new`, places.status);
    news.status = status;
  } catch {
    audit.note("status-unwritable", {});
  }
}
