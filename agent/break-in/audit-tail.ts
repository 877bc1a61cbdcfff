/** What root has written to its audit log since the last look, through a descriptor that the starter opened. */
import { fstatSync, readSync } from "node:fs";

export class AuditTail {
  readonly #fd: number;
  #at: number;

  constructor(fd: number) {
    this.#fd = fd;
    this.#at = fstatSync(fd).size;
  }

  /** Whole lines only; the rest of an unfinished one comes next time. */
  news(): string[] {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(this.#fd).size - this.#at));
    const length = readSync(this.#fd, bytes, 0, bytes.length, this.#at);
    const end = bytes.subarray(0, length).lastIndexOf("\n") + 1;
    this.#at += end;
    return bytes
      .subarray(0, end)
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "");
  }
}
