/** Accounts and groups in memory, with the answers of dscl: names without case, GeneratedUIDs, uids that may be taken. */
import { randomUUID } from "node:crypto";
import type { Machine } from "./machine.ts";

export type RecordType = "Users" | "Groups";
type Attributes = Map<string, string[]>;

export interface Answer {
  readonly exit: number | null;
  readonly stdout: string;
}

const inXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "PropertyList-1.0.dtd">\n<plist version="1.0">\n';

function dict(record: Attributes, only?: readonly string[]): string {
  const rows = [...record].filter(([key]) => !only || only.includes(key));
  const texts = rows.map(([key, values]) => {
    const strings = values.map((value) => `\t\t<string>${inXml(value)}</string>\n`).join("");
    return `\t<key>dsAttrTypeStandard:${key}</key>\n\t<array>\n${strings}\t</array>\n`;
  });
  return `<dict>\n${texts.join("")}</dict>\n`;
}

export class AccountDirectory {
  /** macOS refuses to delete users, or to set an id or home again. */
  tcc = false;
  /** Whether a uid that another user has is refused. */
  enforcesUids = true;
  /** GeneratedUIDs of records that are not the helper's, with the record as it was when it came. */
  readonly foreign = new Map<string, string>();
  readonly #machine: Machine;
  readonly #records = { Users: new Map<string, Attributes>(), Groups: new Map<string, Attributes>() };

  constructor(machine: Machine) {
    this.#machine = machine;
    this.addForeign("Users", "root", { UniqueID: ["0"], PrimaryGroupID: ["0"], RealName: ["System Administrator"] });
    this.addForeign("Users", "Agent", { UniqueID: ["4900"], PrimaryGroupID: ["4900"], RealName: ["A & <B>", '"C"'] });
    this.addForeign("Users", "nobody", { UniqueID: ["-2"], PrimaryGroupID: ["-2"] });
    this.addForeign("Users", "odd", { UniqueID: ["5501 "], RealName: ["\u00e9"] });
    this.addForeign("Groups", "wheel", { PrimaryGroupID: ["0"] });
    this.addForeign("Groups", "_tcworker", { PrimaryGroupID: ["4900"] });
  }

  /** An account that somebody else makes, perhaps in the place of one with the same name. */
  addForeign(type: RecordType, name: string, attributes: Record<string, string[]>): void {
    const guid = randomUUID().toUpperCase();
    const record = new Map([["RecordName", [name]], ["GeneratedUID", [guid]], ...Object.entries(attributes)]);
    this.#records[type].set(name.toLowerCase(), record);
    this.foreign.set(guid, dict(record));
  }

  read(type: RecordType, name: string): Attributes | undefined {
    return this.#records[type].get(name.toLowerCase());
  }

  /** Names of all records that the helper could have made. */
  taskNames(type: RecordType): string[] {
    const ours = [...this.#records[type].values()].filter((record) => !this.#isForeign(record));
    return ours.map((record) => record.get("RecordName")?.[0] ?? "");
  }

  /** Foreign records that are gone or have another content than they came with. */
  damaged(): string[] {
    const now = new Map(
      [...this.#records.Users.values(), ...this.#records.Groups.values()].map((record) => [
        record.get("GeneratedUID")?.[0],
        dict(record),
      ]),
    );
    return [...this.foreign].filter(([guid, text]) => now.get(guid) !== text).map(([, text]) => text);
  }

  /** Every uid and gid that a record holds. */
  ids(): Set<number> {
    const all = [...this.#records.Users.values(), ...this.#records.Groups.values()];
    const texts = all.flatMap((record) => [...(record.get("UniqueID") ?? []), ...(record.get("PrimaryGroupID") ?? [])]);
    return new Set(texts.map((text) => Number.parseInt(text, 10)));
  }

  /** Does what dscl does with this command line, and answers as it does. */
  run(args: readonly string[]): Answer {
    const [verb, path = "", ...rest] = args[0] === "-plist" ? args.slice(2) : args.slice(1);
    const [, type, name = ""] = path.split("/");
    if (type !== "Users" && type !== "Groups") return { exit: 70, stdout: "" };
    if (verb === "-readall") return { exit: 0, stdout: this.#all(type, rest) };
    if (verb === "-read") {
      const record = this.read(type, name);
      return record ? { exit: 0, stdout: `${head}${dict(record)}</plist>\n` } : { exit: 56, stdout: "" };
    }
    const exit = verb === "-create" ? this.#create(type, name, rest) : this.#delete(type, name);
    return { exit, stdout: "" };
  }

  #isForeign(record: Attributes): boolean {
    return this.foreign.has(record.get("GeneratedUID")?.[0] ?? "");
  }

  #all(type: RecordType, keys: readonly string[]): string {
    const dicts = [...this.#records[type].values()].map((record) => dict(record, keys));
    return `${head}${dicts.length === 0 ? "<array/>\n" : `<array>\n${dicts.join("")}</array>\n`}</plist>\n`;
  }

  #create(type: RecordType, name: string, [key, value = ""]: readonly string[]): number {
    const record = this.read(type, name) ?? new Map([["RecordName", [name]]]);
    if (!record.has("GeneratedUID")) record.set("GeneratedUID", [randomUUID().toUpperCase()]);
    if (key !== undefined) {
      if (this.#isForeign(record)) this.#machine.violation(`changes ${key} of the foreign record /${type}/${name}`);
      if (record.has(key)) {
        if (this.tcc && /^(UniqueID|NFSHomeDirectory)$/.test(key)) return this.#refused();
        if (record.get(key)?.[0] !== value) this.#machine.violation(`sets ${key} of /${type}/${name} again`);
      }
      if (key === "UniqueID" && this.enforcesUids && this.#hasUser(value)) return 55;
      record.set(key, [value]);
    }
    this.#records[type].set(name.toLowerCase(), record);
    return 0;
  }

  #hasUser(uid: string): boolean {
    return [...this.#records.Users.values()].some((record) => record.get("UniqueID")?.[0] === uid);
  }

  #delete(type: RecordType, name: string): number {
    const record = this.read(type, name);
    if (!record) return 56;
    if (type === "Users" && this.tcc) return this.#refused();
    if (this.#isForeign(record)) this.#machine.violation(`deletes the foreign record /${type}/${name}`);
    this.#records[type].delete(name.toLowerCase());
    return 0;
  }

  #refused(): number {
    this.#machine.faults.meet("tcc");
    return 40;
  }
}
