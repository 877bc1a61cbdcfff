/** Directory records through /usr/bin/dscl: the one place that builds its argv, and the one that reads its answers. */
import { setTimeout as delay } from "node:timers/promises";
import type { Audit } from "./audit.ts";
import { type Plist, parsePlist } from "./plist.ts";
import { runTool, type ToolResult } from "./spawn.ts";

export type RecordType = "Users" | "Groups";
/** Attribute values by their names without prefix. */
export type Attributes = Record<string, readonly string[]>;

/** dscl ends with the low byte of a negated error code of Directory Service (reference: DSTools, dscl.m). */
export const exits = {
  ok: 0,
  permission: 40,
  alreadyExists: 55,
  recordNotFound: 56,
  notYetImplemented: 140,
  noSuchPath: 185,
};
const attempts = 5;
const timeoutMs = 20_000;

export class Dscl {
  readonly #program: string;
  readonly #audit: Audit;
  /** Exit status of the newest record deletion: 40 says that TCC forbids it on this machine. */
  lastDeletionExit: number | null = null;

  constructor(program: string, audit: Audit) {
    this.#program = program;
    this.#audit = audit;
  }

  async #run(args: readonly string[]): Promise<ToolResult> {
    const reads = args[0] === "-plist";
    if (!reads && !this.#audit.note("dscl", { argv: args })) throw new Error("the audit log cannot be written");
    const result = await runTool(this.#program, args, timeoutMs);
    if (!reads) this.#audit.note("dscl-exit", { argv: args, exit: result.exit });
    return result;
  }

  /** Root: dscl decodes and walks paths, and `-delete /Users` deletes every account. Only our own names get here. */
  #path(type: RecordType, name: string): string {
    if (!/^(tcw-[a-z2-7]{8}|_tcworker)$/.test(name)) throw new Error(`"${name}" is no account of ours`);
    return `/${type}/${name}`;
  }

  /** Makes a record, or sets one attribute of a fresh one. Resolves to dscl's exit; a transient failure is tried again. */
  async create(type: RecordType, name: string, attribute?: readonly [string, string]): Promise<number | null> {
    const args = [".", "-create", this.#path(type, name), ...(attribute ?? [])];
    for (let attempt = 1; ; attempt += 1) {
      const { exit } = await this.#run(args);
      if ((exit !== exits.notYetImplemented && exit !== null) || attempt === attempts) return exit;
      await delay(100 * attempt);
      const record = await this.read(type, name);
      if (attribute ? record?.[attribute[0]]?.[0] === attribute[1] : record) return exits.ok;
    }
  }

  /** Resolves to dscl's exit. The caller has compared the record's GeneratedUID, and looks again afterwards. */
  async delete(type: RecordType, name: string): Promise<number | null> {
    const args = [".", "-delete", this.#path(type, name)];
    for (let attempt = 1; ; attempt += 1) {
      const { exit } = await this.#run(args);
      this.lastDeletionExit = exit;
      if ((exit !== exits.notYetImplemented && exit !== null) || attempt === attempts) return exit;
      await delay(100 * attempt);
    }
  }

  /** Undefined when there is no such record. */
  async read(type: RecordType, name: string): Promise<Attributes | undefined> {
    const { exit, stdout } = await this.#run(["-plist", ".", "-read", this.#path(type, name)]);
    if (exit === exits.recordNotFound) return undefined;
    if (exit !== exits.ok) throw new Error(`dscl -read /${type}/${name} ended with ${exit}`);
    return attributes(parsePlist(stdout));
  }

  /** Every record of the machine: names and numbers only. */
  async readAll(type: RecordType): Promise<Attributes[]> {
    const keys = ["RecordName", "UniqueID", "PrimaryGroupID", "GeneratedUID"];
    const { exit, stdout } = await this.#run(["-plist", ".", "-readall", `/${type}`, ...keys]);
    if (exit !== exits.ok) throw new Error(`dscl -readall /${type} ended with ${exit}`);
    const records = parsePlist(stdout);
    if (!Array.isArray(records)) throw new Error("dscl -readall printed no list");
    return records.map(attributes);
  }
}

function attributes(record: Plist | undefined): Attributes {
  if (typeof record !== "object" || Array.isArray(record)) throw new Error("dscl printed no record");
  const result: Record<string, string[]> = {};
  for (const [key, values] of Object.entries(record)) {
    if (!Array.isArray(values)) continue;
    const texts = values.filter((value) => typeof value === "string");
    result[key.replace(/^dsAttrType(Standard|Native):/, "")] = texts;
  }
  return result;
}
