/** What is left on the machine of a helper's task users, and whether everything else is as it was. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { accountsIn, processesOf, toolOutput } from "../helper/machine.ts";
import type { RealHelper } from "../helper/real-helper.ts";

export interface EndState {
  readonly processes: readonly number[];
  /** Lines of /etc/passwd and /etc/group, and names that only the stand-in's records have. */
  readonly accounts: readonly string[];
  readonly homes: readonly string[];
  readonly graves: readonly string[];
  /** What a task uid owns in shared places. */
  readonly shared: readonly string[];
  /** Users that are not gone, each with its state. */
  readonly journal: readonly string[];
  /** Files beside journal and lock in the helper's own directory. */
  readonly litter: readonly string[];
  /** The first line of the audit log that does not hold the hash of the line before it. */
  readonly brokenLink: number | undefined;
  /** Calls that would have ruined a real Mac. */
  readonly danger: string;
  /** A hash of every account that is none of ours. */
  readonly foreign: string;
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");
const entries = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** Newest state of each user that the journal names, those that are gone left out. Half a line is none. */
export function journalOf(file: string): Map<string, string> {
  const states = new Map<string, string>();
  if (!existsSync(file)) return states;
  for (const line of readFileSync(file, "utf8").split("\n").slice(0, -1)) {
    const { name, state }: { name: string; state: string } = JSON.parse(line);
    states.set(name, state);
  }
  for (const [name, state] of states) if (state === "gone") states.delete(name);
  return states;
}

/** A line that a crash cut is a gap, and no part of the chain: the next one names the last whole line. */
export function brokenLinkIn(text: string): number | undefined {
  let head: string | undefined;
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    if (!line.endsWith("}")) continue;
    const { prev }: { prev: string } = JSON.parse(line);
    if (head !== undefined && prev !== head) return index + 1;
    head = sha256(line);
  }
  return undefined;
}

/** Accounts without those that tests of this machine make: the reserved range. */
function foreignAccounts(): string {
  const foreign = (file: string): string[] => {
    const lines = linesOf(readFileSync(`/etc/${file}`, "utf8"));
    return lines.filter((line) => !/^(tcw-|_tcw)/.test(line) && !/^[^:]*:[^:]*:(49|5[0-9])\d\d:/.test(line));
  };
  return ["passwd", "shadow", "group", "gshadow"].flatMap(foreign).join("\n");
}

function ownedBy(first: number, last: number): string[] {
  const range = ["-uid", `+${first - 1}`, "-uid", `-${last + 1}`];
  return linesOf(
    toolOutput("/usr/bin/find", "/tmp", "/var/tmp", "/dev/shm", "-ignore_readdir_race", "-xdev", ...range),
  );
}

export function endStateOf(helper: RealHelper, tasksDir: string): EndState {
  const [first, last] = [helper.slice.firstUid, helper.slice.firstUid + 24];
  const journal = journalOf(`${helper.places.private}/journal`);
  const made = new Set(helper.calls().flatMap((argv) => argv.map((word) => /^\/\w+\/(tcw-.*)/.exec(word)?.[1] ?? "")));
  const records = ["Users", "Groups"].flatMap((type) => linesOf(helper.dscl(".", "-list", `/${type}`)));
  const danger = join(helper.dsclDir, "danger.log");
  return {
    processes: processesOf(first, last),
    accounts: [...accountsIn(first, last), ...records.filter((name) => made.has(name))],
    homes: entries(tasksDir).filter((name) => name.startsWith("tcw-")),
    graves: entries(join(tasksDir, `.taskcluster-worker-${helper.slice.name}`)),
    shared: ownedBy(first, last),
    journal: [...journal].map(([name, state]) => `${name} ${state}`),
    litter: entries(helper.places.private).filter((name) => !/^(journal|(helper\.)?lock)$/.test(name)),
    brokenLink: brokenLinkIn(readFileSync(`${helper.places.logs}/audit.log`, "utf8")),
    danger: existsSync(danger) ? readFileSync(danger, "utf8") : "",
    foreign: sha256(`${foreignAccounts()}\n${statSync("/etc/shadow").mode}`),
  };
}

/** What differs, one sentence each. */
export function differences(state: EndState, wanted: EndState): string[] {
  const keys = Object.keys(wanted) as (keyof EndState)[]; // checked: an EndState has the keys of its type
  const same = (key: keyof EndState): boolean => JSON.stringify(state[key]) === JSON.stringify(wanted[key]);
  return keys.filter((key) => !same(key)).map((key) => `${key}: ${JSON.stringify(state[key])}`);
}
