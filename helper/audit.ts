/**
 * The audit log: one JSON line before and after each thing that root does. Every line holds the SHA-256 of the line
 * before it, and the newest hash leaves this machine with each task's end: that is what makes tampering visible.
 */
import { createHash } from "node:crypto";
import { constants, fstatSync, openSync, readSync, writeSync } from "node:fs";

const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_SYNC;
const sha256 = (line: string): string => createHash("sha256").update(line).digest("hex");

/** Control and bidirectional characters would let a name rewrite the reader's screen; JSON leaves some of them as is. */
function printable(json: string): string {
  const escaped = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, escaped);
}

export class Audit {
  readonly #fd: number;
  /** Lines that could not be written since the last one that could. */
  #lost = 0;
  /** SHA-256 of the newest line, in hex. */
  head = "0".repeat(64);

  /** `file` lies in a root-only directory. Goes on with the chain that it finds. */
  constructor(file: string) {
    this.#fd = openSync(file, flags, 0o600);
    const { size } = fstatSync(this.#fd);
    const tail = Buffer.alloc(Math.min(size, 65_536));
    readSync(this.#fd, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString("utf8").split("\n");
    if (lines.pop() !== "") this.#lost = 1; // The power went in mid-line: that line is a gap, and no part of the chain.
    const last = lines.at(-1);
    if (last) this.head = sha256(last);
  }

  /** False when the line could not be written: the caller refuses to begin something new. */
  note(action: string, detail: Record<string, string | number | boolean | null | readonly string[]>): boolean {
    const gap = this.#lost > 0 && { lost: this.#lost };
    const json = JSON.stringify({ time: Date.now(), prev: this.head, action, ...gap, ...detail });
    const line = printable(json).slice(0, 16_384);
    const bytes = Buffer.from(`${gap ? "\n" : ""}${line}\n`);
    try {
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
