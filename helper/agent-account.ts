/** A program of its own: `acquire` makes the agent's account and prints it; the last starter's `release` removes it. */
import { existsSync, lchownSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import type { Account, AgentAccount } from "../shared/protocol/root-types.ts";
import * as validators from "../shared/protocol/validators.js";
import { Audit } from "./audit.ts";
import { readConfig } from "./config.ts";
import { Dscl } from "./dscl.ts";
import { takeLock } from "./lock.ts";
import { logRoot, starters, stateRoot } from "./places.ts";
import { killProcesses } from "./reap.ts";
import { makeRecords, removeRecords, takenIds } from "./records.ts";
import { runAs } from "./spawn.ts";
import { trusted } from "./trust.ts";

const [action = "", configPath = ""] = process.argv.slice(2);
// Kept to the end of this process; before the audit log is opened, so that its chain has one writer.
const lock = takeLock(`${stateRoot}/private/account.lock`, 120_000);
if (!lock) throw new Error("others have been busy with the account for too long");
const file = `${stateRoot}/private/agent-account.json`;
const [name, home] = ["_tcworker", `${stateRoot}/agent`];
const config = { ...readConfig(configPath), uidRange: [4900, 4999] as const };
const audit = new Audit(`${logRoot}/agent-account.log`);
const dscl = new Dscl(trusted(config.dscl), audit);

function readState(): AgentAccount {
  const state: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { made: null, users: [] };
  if (!validators.agentAccount(state)) throw new Error(`${file} is not what this program writes: remove it`);
  return state;
}

const writeState = (): void => writeFileSync(file, JSON.stringify(state), { mode: 0o600 });

async function remove(state: AgentAccount, made: Account): Promise<void> {
  if (existsSync(home)) rmdirSync(home);
  if ((await removeRecords(dscl, made)) === "gone") state.made = null;
}

/** Makes the account where there is none, and prints it. */
async function acquire(state: AgentAccount): Promise<void> {
  if (state.made?.guid === "") await remove(state, state.made); // Whoever began to make it was killed.
  const record = await dscl.read("Users", name);
  let uid = Number(record?.["UniqueID"]?.[0]);
  if (!record) {
    const taken = await takenIds(dscl);
    uid = Array.from({ length: 100 }, (_, index) => 4900 + index).find((each) => !taken.has(each)) ?? 0;
    state.made = { name, uid, guid: "", groupGuid: "" };
    writeState();
    const made = uid > 0 && (await makeRecords(dscl, state.made, home, "Taskcluster agent"));
    if (!made) throw new Error("no uid in 4900-4999 is free");
    mkdirSync(home, { mode: 0o700 });
    lchownSync(home, uid, uid);
  }
  process.stdout.write(JSON.stringify({ uid, home: record?.["NFSHomeDirectory"]?.[0] ?? home }));
}

/** Removes what `acquire` made when nobody uses it any more: no installation, and no starter but the one that ends. */
async function release(state: AgentAccount): Promise<void> {
  const others = readdirSync(starters).filter((pid) => Number(pid) !== process.ppid && !takeLock(`${starters}/${pid}`));
  if (!state.made || state.users.includes("install") || others.length > 0) return;
  await killProcesses(state.made.uid, { audit, config });
  await runAs(state.made.uid, config, "sweep", [name, `${state.made.uid}`, home], 60_000);
  await remove(state, state.made);
}

const state = readState();
try {
  await (action === "acquire" ? acquire(state) : release(state));
} finally {
  writeState();
  lock.close();
}
