/** Directory records through /usr/bin/dscl: the one place that builds its argv, and the one that reads its answers. */
import { setTimeout as delay } from "node:timers/promises";
import type { Audit } from "./audit.ts";
import { type Attributes, parseRecords } from "./plist.ts";
import { Refusal } from "./refusal.ts";
import { runTool, type ToolResult } from "./spawn.ts";

export type RecordType = "Users" | "Groups";

/** dscl ends with the low byte of a negated error code of Directory Service (reference: DSTools, dscl.m). */
export const exits = { ok: 0, permission: 40, alreadyExists: 55, recordNotFound: 56, notYetImplemented: 140 };
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
    if (args[0] === "-plist") return runTool(this.#program, args, timeoutMs);
    const noted = this.#audit.note("dscl", { argv: args });
    if (!noted && args[1] === "-create") throw new Refusal("journal-unwritable", "the audit log cannot be written");
    const result = await runTool(this.#program, args, timeoutMs);
    this.#audit.note("dscl-exit", { argv: args, exit: result.exit });
    return result;
  }

  /** Root: dscl decodes and walks paths, and `-delete /Users` deletes every account. Only our own names get here. */
  #path(type: RecordType, name: string): string {
    if (!/^(tcw-[a-z2-7]{8}|_tcworker)$/.test(name)) throw new Error(`"${name}" is no account of ours`);
    return `/${type}/${name}`;
  }

  /** Makes a change, and again while dscl fails in passing. Resolves to its exit, 0 when `done` sees it done anyway. */
  async #change(args: readonly string[], done: () => Promise<boolean>): Promise<number | null> {
    for (let attempt = 1; ; attempt += 1) {
      const { exit } = await this.#run(args);
      if ((exit !== exits.notYetImplemented && exit !== null) || attempt === attempts) return exit;
      await delay(100 * attempt);
      if (await done()) return exits.ok;
    }
  }

  /** Makes a record, or sets one attribute of a fresh one. */
  create(type: RecordType, name: string, attribute?: readonly [string, string]): Promise<number | null> {
    return this.#change([".", "-create", this.#path(type, name), ...(attribute ?? [])], async () => {
      const record = await this.read(type, name);
      return attribute ? record?.[attribute[0]]?.[0] === attribute[1] : record !== undefined;
    });
  }

  /** The caller has compared the record's GeneratedUID, and looks again afterwards. */
  async delete(type: RecordType, name: string): Promise<number | null> {
    const gone = async (): Promise<boolean> => (await this.read(type, name)) === undefined;
    this.lastDeletionExit = await this.#change([".", "-delete", this.#path(type, name)], gone);
    return this.lastDeletionExit;
  }

  /** Undefined when there is no such record. */
  async read(type: RecordType, name: string): Promise<Attributes | undefined> {
    const { exit, stdout } = await this.#run(["-plist", ".", "-read", this.#path(type, name)]);
    if (exit === exits.recordNotFound) return undefined;
    if (exit !== exits.ok) throw new Error(`dscl -read /${type}/${name} ended with ${exit}`);
    return parseRecords(stdout)[0];
  }

  /** Every record of the machine: names and numbers only. */
  async readAll(type: RecordType): Promise<Attributes[]> {
    const keys = ["RecordName", "UniqueID", "PrimaryGroupID", "GeneratedUID"];
    const { exit, stdout } = await this.#run(["-plist", ".", "-readall", `/${type}`, ...keys]);
    if (exit !== exits.ok) throw new Error(`dscl -readall /${type} ended with ${exit}`);
    return parseRecords(stdout);
  }
}
