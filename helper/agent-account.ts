/**
 * A program of its own, started as root by the starter and by install: `acquire` makes sure that the agent's hidden
 * account exists and prints it, `release` removes it again after the last user if a starter had made it. Who uses it is
 * a list of processes with their start times, kept under a lock: a killed starter is no user.
 */
import { existsSync, lchownSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentAccount } from "../shared/protocol/root-types.ts";
import * as validators from "../shared/protocol/validators.js";
import { Audit } from "./audit.ts";
import { readConfig } from "./config.ts";
import { Dscl } from "./dscl.ts";
import { processKey, takeLock } from "./lock.ts";
import { logRoot, stateRoot } from "./places.ts";
import { killProcesses } from "./reap.ts";
import { makeRecords, removeRecords, takenIds } from "./records.ts";
import { runSweep } from "./spawn.ts";

const [action = "", configPath = ""] = process.argv.slice(2);
const file = `${stateRoot}/private/agent-account.json`;
const name = "_tcworker";
const home = `${stateRoot}/agent`;
const config = { ...readConfig(configPath), uidRange: [4900, 4999] as const };
const audit = new Audit(`${logRoot}/agent-account.log`);
const dscl = new Dscl(config.dscl, audit);

function readState(): AgentAccount {
  const state: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { made: null, users: [] };
  if (!validators.agentAccount(state)) throw new Error(`${file} is not what this program writes: remove it`);
  return state;
}

async function alive(key: string): Promise<boolean> {
  return key === "install" || (await processKey(Number(key.split(" ")[0]))) === key;
}

/** Makes the account where there is none, and prints it. */
async function acquire(state: AgentAccount): Promise<void> {
  const record = await dscl.read("Users", name);
  let uid = Number(record?.["UniqueID"]?.[0]);
  if (!record) {
    const taken = await takenIds(dscl);
    uid = Array.from({ length: 100 }, (_, index) => 4900 + index).find((each) => !taken.has(each)) ?? 0;
    state.made = { name, uid, guid: "", groupGuid: "" };
    const made = uid > 0 && (await makeRecords(dscl, state.made, home, "Taskcluster agent"));
    if (!made) throw new Error("no uid in 4900-4999 is free");
    mkdirSync(home, { mode: 0o700 });
    lchownSync(home, uid, uid);
  }
  process.stdout.write(JSON.stringify({ uid, home: record?.["NFSHomeDirectory"]?.[0] ?? home }));
}

/** Removes what `acquire` made when nobody uses it any more. */
async function release(state: AgentAccount): Promise<void> {
  if (!state.made || state.users.length > 0) return;
  await killProcesses(state.made.uid, audit);
  await runSweep(state.made.uid, config, [name, `${state.made.uid}`, home], 60_000);
  rmdirSync(home);
  if ((await removeRecords(dscl, state.made)) === "gone") state.made = null;
}

let unlock = await takeLock(`${stateRoot}/private/agent-account.lock`);
for (; typeof unlock === "string"; await delay(50)) unlock = await takeLock(`${stateRoot}/private/agent-account.lock`);
const state = readState();
const me = await processKey(process.ppid);
const living = await Promise.all(state.users.map(alive));
state.users = state.users.filter((key, index) => living[index] && key !== me);
try {
  if (action === "acquire") state.users.push(me);
  await (action === "acquire" ? acquire(state) : release(state));
} finally {
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  unlock();
}
