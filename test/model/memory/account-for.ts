/** The end of a sequence in memory: everything of others as it was, and every task user gone, resting or quarantined. */
import { createHash } from "node:crypto";
import type { Helper } from "../../../helper/helper.ts";
import { counts } from "../../../helper/helper.ts";
import { Journal } from "../../../helper/journal.ts";
import type { TaskUser } from "../../../shared/protocol/root-types.ts";
import { deny } from "../eyes.ts";
import type { Machine } from "./machine.ts";

export interface Before {
  readonly files: readonly string[];
  readonly processes: readonly number[];
}

export function before({ files, kernel }: Machine): Before {
  return { files: files.foreign(), processes: kernel.foreign() };
}

function same(what: string, now: readonly unknown[], then: readonly unknown[]): void {
  if (now.join("\n") !== then.join("\n")) deny(`${what} changed: ${now.join(", ")} where ${then.join(", ")} was`);
}

/** Each user that the journal knows, and nothing else, may have left something. */
function accounted(machine: Machine, users: ReadonlyMap<number, TaskUser>): void {
  const { directory, files, kernel, uidRange } = machine;
  for (const { name, uid, state, guid } of users.values()) {
    if (state !== "resting" && state !== "quarantined") deny(`${name} is ${state} at the end`);
    if (state === "quarantined") continue;
    if (files.graves().some((grave) => grave.startsWith(name))) deny(`${name} rests, and has a grave`);
    const record = directory.read("Users", name);
    const whole = record?.get("GeneratedUID")?.[0] === guid && directory.read("Groups", name) !== undefined;
    if (!whole && machine.faults.met("replaced") === 0) deny(`${name} rests, and its records are not whole`);
    if (kernel.aliveOf(uid) > 0 || (files.shared.get(uid) ?? 0) > 0) deny(`${name} rests, and has left something`);
    if (files.taskDirectories().includes(name)) deny(`${name} rests, and has a home`);
  }
  const known = new Set([...users.values()].map(({ name }) => name));
  const left = [
    ...files.graves(),
    ...directory.taskNames("Users"),
    ...directory.taskNames("Groups"),
    ...files.taskDirectories(),
  ];
  const lost = left.find((name) => !known.has(name));
  if (lost) deny(`something of ${lost} is left, and the journal does not know it`);
  for (let uid = uidRange[0]; uid <= uidRange[1]; uid += 1) {
    if (!users.has(uid) && kernel.aliveOf(uid) > 0) deny(`processes of uid ${uid} are left`);
    if (!users.has(uid) && (files.shared.get(uid) ?? 0) > 0) deny(`files of uid ${uid} are left in shared places`);
  }
}

/** A helper that starts now finds the same users; fewer steps of them when the disk was full meanwhile. */
function journalled(machine: Machine, { journal }: Helper, range: readonly [number, number]): void {
  machine.faults.disarm();
  const found = new Journal(`${machine.logs.folder}/journal`, range);
  const text = (users: Journal): string[] =>
    [...users.users.values()].map((user) => JSON.stringify({ ...user })).sort();
  if (machine.faults.met("journal-full") === 0) {
    same("the journal", text(found), text(journal));
    same("the newest uid", [found.newest?.uid], [journal.newest?.uid]);
    return;
  }
  for (const { uid, name } of journal.users.values()) {
    if (found.users.get(uid)?.name !== name) deny(`the journal does not know ${name}`);
  }
  for (const { uid, name, state } of found.users.values()) {
    const true_ = journal.users.get(uid);
    if (state === "resting" && true_?.state !== "resting") deny(`the journal says that ${name} rests`);
  }
}

function chained(machine: Machine, head: string): void {
  const sha256 = (line: string): string => createHash("sha256").update(line).digest("hex");
  let at = "0".repeat(64);
  for (const line of machine.logs.audit()) {
    if (!line.startsWith('{"time":') || !line.endsWith("}")) continue; // Half a line, from a full disk.
    if (!line.includes(`"prev":"${at}"`)) deny(`the audit log does not continue at ${line}`);
    at = sha256(line);
  }
  if (at !== head) deny("the head of the audit log is not its newest line's");
}

/** Every refusal that was told is in the audit log. */
function refusalsNoted(machine: Machine, refused: readonly string[]): void {
  if (machine.faults.met("audit-full") > 0) return;
  const lines = machine.logs.audit();
  for (const text of new Set(refused)) {
    const told = refused.filter((each) => each === text).length;
    if (lines.filter((line) => line.includes(text)).length < told) deny(`${text} is not in the audit log`);
  }
}

export function accountFor(machine: Machine, helper: Helper, then: Before, refused: readonly string[]): void {
  const { directory, files, kernel } = machine;
  same("foreign records", directory.damaged(), []);
  same("foreign files", files.foreign(), then.files);
  same("foreign processes", kernel.foreign(), then.processes);
  accounted(machine, helper.journal.users);
  const status: ReturnType<typeof counts> = JSON.parse(files.read("/state/status.json"));
  const { live, resting, quarantined } = counts(helper);
  same("status.json", [status.live, status.resting, status.quarantined], [live, resting, quarantined]);
  journalled(machine, helper, machine.uidRange);
  refusalsNoted(machine, refused);
  if (machine.random(8) === 0) chained(machine, helper.audit.head);
}
