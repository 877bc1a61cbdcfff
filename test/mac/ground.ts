/** What a probe stands on: the programs of this Mac, and things of its own, each noted before it is made. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { stateRoot } from "../../helper/places.ts";
import { Directory } from "../dscl/directory.ts";
import type { Ledger } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import { NotAsked } from "./probe.ts";
import { type Ran, type RunProgram, runProgram } from "./run-program.ts";

/** Ids that probes give their own records; below the agent's 4990, of which the vectors use the first three. */
const [firstId, lastId] = [4900, 4989] as const;
const letters = "abcdefghijklmnopqrstuvwxyz234567";

export class Ground {
  readonly machine: Machine;
  readonly ledger: Ledger;
  readonly directory: Directory;

  constructor(machine: Machine, ledger: Ledger) {
    this.machine = machine;
    this.ledger = ledger;
    this.directory = new Directory(machine.dscl);
  }

  /** A program as root. Rejects when it cannot be started or does not end in time. */
  run(file: string, argv: readonly string[], options?: RunProgram): Promise<Ran> {
    return runProgram(file, argv, options);
  }

  dscl(...argv: string[]): Promise<Ran> {
    return this.run(this.machine.dscl, argv);
  }

  launchctl(...argv: string[]): Promise<Ran> {
    return this.run(this.machine.launchctl, argv, { timeout: 60_000 });
  }

  /** A new directory that only root can change, below root's own state. */
  folder(): string {
    mkdirSync(stateRoot, { recursive: true, mode: 0o755 });
    return this.#folderIn(stateRoot);
  }

  /** One that is not in the way of an installation, which makes and removes root's state. */
  scratch(): string {
    return this.#folderIn(this.machine.scratch);
  }

  #folderIn(parent: string): string {
    const path = `${parent}/test-mac-${this.#name(6)}`;
    this.ledger.note({ kind: "folder", path });
    mkdirSync(path);
    chmodSync(path, 0o755);
    return path;
  }

  /** The path of a record that is not there yet; it will be removed with what it got. */
  record(type: "Users" | "Groups"): string {
    const path = `/${type}/_tcwmac-${this.#name(8)}`;
    this.ledger.note({ kind: "record", path });
    return path;
  }

  /** A uid that neither a user nor a group has. */
  async freeId(): Promise<string> {
    const lists = await Promise.all([
      this.dscl(".", "-list", "/Users", "UniqueID"),
      this.dscl(".", "-list", "/Groups", "PrimaryGroupID"),
    ]);
    const taken = new Set(lists.flatMap(({ stdout }) => stdout.match(/-?\d+$/gm) ?? []));
    const ids = Array.from({ length: lastId - firstId + 1 }, (_, index) => `${lastId - index}`);
    const free = ids.find((id) => !taken.has(id));
    if (free === undefined) throw new Error(`no id of ${firstId}-${lastId} is free`);
    return free;
  }

  /** Who is logged in at the screen. Throws NotAsked when nobody is. */
  sessionUid(): number {
    const { uid } = statSync(this.machine.console);
    if (uid === 0) throw new NotAsked("nobody is logged in at the screen");
    return uid;
  }

  label(): string {
    const label = `org.taskcluster.worker.test-${randomBytes(6).toString("hex")}`;
    this.ledger.note({ kind: "job", label });
    return label;
  }

  #name(length: number): string {
    return Array.from(randomBytes(length), (byte) => letters[byte & 31]).join("");
  }
}

/** `exit 7`, or the signal that ended it. */
export function endOf({ exit, signal }: Pick<Ran, "exit" | "signal">): string {
  return exit === null ? `${signal}` : `exit ${exit}`;
}
