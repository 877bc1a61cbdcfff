/** The directory records of one account: a private group and a hidden user without password or shell, uid = gid. */
import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "../shared/protocol/root-types.ts";
import { type Dscl, exits, type RecordType } from "./dscl.ts";
import type { Attributes } from "./plist.ts";
import { runTool } from "./spawn.ts";
import { tools } from "./tools.ts";

const visibleMs = 10_000;
const recordTypes: readonly RecordType[] = ["Users", "Groups"];

/** A UniqueID that libinfo would read as some number, though it is none, counts as that number: it is taken. */
function numbers(records: Attributes[], key: string): number[] {
  return records.flatMap((record) => (record[key] ?? []).map((text) => Number.parseInt(text, 10)));
}

async function eventually(holds: () => Promise<boolean>): Promise<boolean> {
  for (const until = performance.now() + visibleMs; ; await delay(50)) {
    if (await holds()) return true;
    if (performance.now() > until) return false;
  }
}

/** Every uid and gid of the machine. */
export async function takenIds(dscl: Dscl): Promise<Set<number>> {
  const [users, groups] = [await dscl.readAll("Users"), await dscl.readAll("Groups")];
  return new Set([users, groups].flatMap((all) => [...numbers(all, "UniqueID"), ...numbers(all, "PrimaryGroupID")]));
}

/** Makes the records and fills in their GeneratedUIDs. False: the uid is taken. Throws when a step fails otherwise. */
export async function makeRecords(dscl: Dscl, account: Account, home: string, realName: string): Promise<boolean> {
  const { name, uid } = account;
  const common = { PrimaryGroupID: `${uid}`, RealName: realName, Password: "*" };
  const hidden = { NFSHomeDirectory: home, UserShell: "/usr/bin/false", IsHidden: "1" };
  const wanted = { Groups: common, Users: { UniqueID: `${uid}`, ...hidden, ...common } };
  for (const type of ["Groups", "Users"] as const) {
    if (await dscl.read(type, name)) throw new Error(`/${type}/${name} exists already`);
    // Each attribute exactly once: setting one again is what TCC forbids.
    for (const attribute of [undefined, ...Object.entries(wanted[type])]) {
      const exit = await dscl.create(type, name, attribute);
      if (exit === exits.alreadyExists) return false;
      if (exit !== exits.ok)
        throw new Error(`dscl -create /${type}/${name} ${attribute?.[0] ?? ""} ended with ${exit}`);
    }
    const record = (await dscl.read(type, name)) ?? {};
    for (const [key, value] of Object.entries(wanted[type])) {
      const same = record[key]?.length === 1 && record[key][0] === value;
      if (!same && key !== "Password") throw new Error(`/${type}/${name} ${key} is not what was set`);
    }
    account[type === "Users" ? "guid" : "groupGuid"] = record["GeneratedUID"]?.[0] ?? "";
  }
  if (!account.guid || !account.groupGuid) throw new Error(`${name} has no GeneratedUID`);
  const seen = async (): Promise<boolean> => (await runTool(tools.id, ["-u", name], 5_000)).stdout.trim() === `${uid}`;
  if (!(await eventually(seen))) throw new Error(`${name} did not become visible`);
  return numbers(await dscl.readAll("Users"), "UniqueID").filter((each) => each === uid).length === 1;
}

/** Whether the records are the ones that were made. Another GeneratedUID is another account, never to be touched. */
export async function verifyRecords(dscl: Dscl, account: Account): Promise<"ours" | "gone" | "foreign"> {
  let found: "ours" | "gone" = "gone";
  for (const type of recordTypes) {
    const record = await dscl.read(type, account.name);
    if (!record) continue;
    const number = record[type === "Users" ? "UniqueID" : "PrimaryGroupID"]?.[0];
    const guid = type === "Users" ? account.guid : account.groupGuid;
    // Without a known GeneratedUID the record is half made, by us, under a name that nobody could guess.
    const same = guid === "" || record["GeneratedUID"]?.[0] === guid;
    if (!same || (number !== undefined && number !== `${account.uid}`)) return "foreign";
    found = "ours";
  }
  return found;
}

/** Deletes user and group after comparing, and looks. `forbidden`: TCC wants the record to stay. */
export async function removeRecords(dscl: Dscl, account: Account): Promise<"gone" | "forbidden" | "failed"> {
  for (const type of recordTypes) {
    if ((await verifyRecords(dscl, account)) === "foreign") return "failed";
    const there = async (): Promise<boolean> => (await dscl.read(type, account.name)) !== undefined;
    if (!(await there())) continue;
    if ((await dscl.delete(type, account.name)) === exits.permission) return "forbidden";
    // Not the exit but the record says whether it is gone; macOS shows a deletion late.
    if (!(await eventually(async () => !(await there())))) return "failed";
  }
  return "gone";
}
