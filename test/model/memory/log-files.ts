/** Journal and audit log are real files, in a folder of the sequence's own; here a write to one of them can fail. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { made } from "../../leftovers.ts";
import type { Machine } from "./machine.ts";
import type { Recorded } from "./root-commands.ts";

const shared = fs.existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const parent = fs.mkdtempSync(`${made(join(shared, "tcw-model-"))}-`);
process.once("exit", () => fs.rmSync(parent, { recursive: true, force: true }));
let folders = 0;

function diskFull(): Error {
  return Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
}

export class LogFiles {
  readonly folder = join(parent, `${++folders}`);
  readonly #machine: Machine;
  readonly #open = new Set<number>();

  constructor(machine: Machine) {
    this.#machine = machine;
    fs.mkdirSync(this.folder);
  }

  /** Whole lines of the journal, as a helper that starts now would find them. */
  journal(): string[] {
    const file = join(this.folder, "journal"); // It is not there before the first step.
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  }

  newest(name: string): Recorded | undefined {
    const line = this.journal().findLast((text) => text.includes(`"${name}"`));
    return line === undefined ? undefined : JSON.parse(line);
  }

  audit(): string[] {
    return fs.readFileSync(join(this.folder, "audit.log"), "utf8").split("\n");
  }

  open(path: string, flags: number | string, mode?: number): number {
    const fd = fs.openSync(path, flags, mode);
    this.#open.add(fd);
    return fd;
  }

  close(fd: number): void {
    fs.closeSync(fd);
    this.#open.delete(fd);
  }

  /** A line of the audit log. On a full disk half of it is written. */
  append(fd: number, bytes: Buffer): number {
    const full = this.#machine.faults.strikes("audit-full");
    return fs.writeSync(fd, full ? bytes.subarray(0, bytes.length / 2) : bytes);
  }

  /** A step of the journal, or its new file. On a full disk half of it is written. */
  write(path: string, text: string, options?: fs.WriteFileOptions): void {
    const full = text !== "" && this.#machine.faults.strikes("journal-full");
    fs.writeFileSync(path, full ? text.slice(0, text.length / 2) : text, options);
    if (full) throw diskFull();
    if (text === "") return; // It empties what a compaction before has left half written.
    const lines = text.split("\n").slice(0, -1);
    const steps = lines.map((line): Recorded => JSON.parse(line));
    if (path.endsWith(".new")) this.#machine.lives.rewrite(steps);
    else for (const step of steps) this.#machine.lives.step(step);
  }

  remove(): void {
    for (const fd of this.#open) fs.closeSync(fd);
    fs.rmSync(this.folder, { recursive: true });
  }
}
