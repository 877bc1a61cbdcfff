/**
 * The audit log: one JSON line before and after each thing that root does. Every line holds the SHA-256 of the line
 * before it, and the newest hash leaves this machine with each task's end: that is what makes tampering visible.
 * A full file is renamed to `<file>.1`, over the one before it: two files, 256 MiB in all. agent/audit/ reads them.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, renameSync, writeSync } from "node:fs";

const maxFile = 128 * 1024 * 1024;
const maxLine = 16 * 1024;
const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_SYNC;
const sha256 = (line: string): string => createHash("sha256").update(line).digest("hex");

/** ASCII only: control and bidirectional characters would let a name rewrite the reader's screen. */
function printable(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export class Audit {
  readonly #file: string;
  #fd: number;
  /** Lines that could not be written since the last one that could. */
  #lost = 0;
  /** SHA-256 of the newest line, in hex. */
  head = "0".repeat(64);

  /** `file` lies in a root-only directory. Goes on with the chain that it finds, in the older file if this one is empty. */
  constructor(file: string) {
    this.#file = file;
    this.#fd = openSync(file, flags, 0o600);
    if (this.#goOn(this.#fd) || !existsSync(`${file}.1`)) return;
    const older = openSync(`${file}.1`, "r");
    this.#goOn(older);
    closeSync(older);
  }

  /** True when the file has a line to go on from. */
  #goOn(fd: number): boolean {
    const { size } = fstatSync(fd);
    const tail = Buffer.alloc(Math.min(size, 4 * maxLine));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString("utf8").split("\n");
    const torn = lines.pop() !== ""; // The power went, or the disk was full: a gap, and no part of the chain.
    const last = lines.findLast((line) => line !== "");
    if (torn || lines.at(-1)?.endsWith("}") === false) this.#lost = 1;
    if (last) this.head = sha256(last);
    return last !== undefined;
  }

  /** Whatever stops this between two steps, every line is there, and the next start finds the newest. */
  #rotate(): void {
    if (existsSync(this.#file)) renameSync(this.#file, `${this.#file}.1`);
    const full = this.#fd;
    this.#fd = openSync(this.#file, flags, 0o600);
    closeSync(full);
  }

  /** False when the line could not be written: the caller refuses to begin something new. */
  note(action: string, detail: Record<string, string | number | boolean | null | readonly string[]>): boolean {
    const gap = this.#lost > 0 && { lost: this.#lost };
    const start = { time: Date.now(), prev: this.head, action, ...gap };
    const whole = printable(JSON.stringify({ ...start, ...detail }));
    const line = whole.length <= maxLine ? whole : printable(JSON.stringify({ ...start, cut: whole.slice(0, 1024) }));
    const bytes = Buffer.from(`${gap ? "\n" : ""}${line}\n`);
    try {
      if (fstatSync(this.#fd).size + bytes.length > maxFile) this.#rotate();
      if (writeSync(this.#fd, bytes) !== bytes.length) throw new Error("short write");
    } catch {
      this.#lost += 1;
      return false;
    }
    this.#lost = 0;
    this.head = sha256(line);
    return true;
  }
}
