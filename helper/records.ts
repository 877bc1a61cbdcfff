/** The directory records of one account: a private group and a hidden user without password or shell, uid = gid. */
import { setTimeout as delay } from "node:timers/promises";
import type { Gone } from "../shared/protocol/messages.ts";
import type { Account } from "../shared/protocol/root-types.ts";
import { type Dscl, exits } from "./dscl.ts";
import type { Attributes } from "./plist.ts";
import { runTool, tools } from "./spawn.ts";

const visibleMs = 10_000;
/** The user goes first: without it nobody can become that uid by name. */
const types = { Users: { id: "UniqueID", guid: "guid" }, Groups: { id: "PrimaryGroupID", guid: "groupGuid" } } as const;

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

/** The first attribute that is not exactly what was set. A password cannot be read back. */
function wrongKey(record: Attributes = {}, wanted: Record<string, string>): string | undefined {
  const same = (key: string): boolean => record[key]?.length === 1 && record[key][0] === wanted[key];
  return Object.keys(wanted).find((key) => key !== "Password" && !same(key));
}

/** Every uid and gid of the machine. */
export async function takenIds(dscl: Dscl): Promise<Set<number>> {
  const all = [...(await dscl.readAll("Users")), ...(await dscl.readAll("Groups"))];
  return new Set([...numbers(all, "UniqueID"), ...numbers(all, "PrimaryGroupID")]);
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
      if (exit !== exits.ok) throw new Error(`dscl -create /${type}/${name} ${attribute?.[0]} ended with ${exit}`);
    }
    let record: Attributes | undefined;
    const read = async (): Promise<boolean> => {
      record = await dscl.read(type, name);
      return wrongKey(record, wanted[type]) === undefined;
    };
    if (!(await eventually(read))) throw new Error(`/${type}/${name} ${wrongKey(record, wanted[type])} is not as set`);
    account[types[type].guid] = record?.["GeneratedUID"]?.[0] ?? "";
  }
  if (!account.guid || !account.groupGuid) throw new Error(`${name} has no GeneratedUID`);
  const seen = async (): Promise<boolean> => (await runTool(tools.id, ["-u", name], 5_000)).stdout.trim() === `${uid}`;
  if (!(await eventually(seen))) throw new Error(`${name} did not become visible`);
  return numbers(await dscl.readAll("Users"), "UniqueID").filter((each) => each === uid).length === 1;
}

/** Whether the records are the ones that were made. Another GeneratedUID is another account, never to be touched. */
export async function verifyRecords(dscl: Dscl, account: Account): Promise<"ours" | "incomplete" | "foreign"> {
  let found = 0;
  for (const type of ["Users", "Groups"] as const) {
    const record = await dscl.read(type, account.name);
    if (!record) continue;
    const [id, guid] = [record[types[type].id]?.[0], account[types[type].guid]];
    // Without a known GeneratedUID the record is half made, by us, under a name that nobody could guess.
    const same = guid === "" || record["GeneratedUID"]?.[0] === guid;
    if (!same || (id !== undefined && id !== `${account.uid}`)) return "foreign";
    found += 1;
  }
  return found === 2 && account.guid && account.groupGuid ? "ours" : "incomplete";
}

/** Deletes user and group after comparing, and looks. Resting: TCC wants the records to stay, and they are whole. */
export async function removeRecords(dscl: Dscl, account: Account): Promise<Gone["state"]> {
  for (const type of ["Users", "Groups"] as const) {
    const before = await verifyRecords(dscl, account);
    if (before === "foreign") return "quarantined";
    const gone = async (): Promise<boolean> => (await dscl.read(type, account.name)) === undefined;
    if (await gone()) continue;
    const exit = await dscl.delete(type, account.name);
    if (exit === exits.permission) return before === "ours" ? "resting" : "quarantined";
    // Not the exit but the record says whether it is gone; macOS shows a deletion late.
    if (!(await eventually(gone))) return "quarantined";
  }
  return "gone";
}
