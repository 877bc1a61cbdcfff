/** A small file system that is filled and freed while a worker uses it. Linux, root. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Of the time between them it can be told whether a run has met a full disk. In milliseconds since 1970. */
export interface Shortage {
  readonly disk: string;
  readonly from: number;
  until: number;
}

export interface DiskSize {
  readonly megabytes: number;
  readonly files: number;
}

export class Disk {
  readonly #folder: string;
  readonly #ballast: string;
  readonly #shortages: Shortage[];
  #freeing: NodeJS.Timeout | null = null;

  /** Covers `folder`, which is made where there is none. Each shortage is told to `shortages`. */
  constructor(folder: string, { megabytes, files }: DiskSize, shortages: Shortage[]) {
    this.#folder = folder;
    this.#ballast = join(folder, ".ballast");
    this.#shortages = shortages;
    mkdirSync(folder, { recursive: true });
    const options = `size=${megabytes}m,nr_inodes=${files},mode=0755`;
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", options, "soak", folder]);
  }

  /** Leaves `bytes` of room at most; all of it is back after `ms`. Does nothing while an earlier shortage lasts. */
  fill(bytes: number, ms: number): void {
    this.#takeFor(ms, () => {
      mkdirSync(this.#ballast);
      const file = openSync(join(this.#ballast, "all"), "wx");
      try {
        const { bavail, bsize } = statfsSync(this.#folder);
        for (let left = bavail * bsize - bytes; left > 0; )
          left -= writeSync(file, Buffer.alloc(Math.min(left, 1_000_000)));
      } catch {
        // The worker was quicker: it is full now.
      }
      closeSync(file);
    });
  }

  /** The same of files: no more than `files` can be made. */
  fillFiles(files: number, ms: number): void {
    this.#takeFor(ms, () => {
      mkdirSync(this.#ballast);
      const count = Number(statfsSync(this.#folder).ffree) - files;
      try {
        for (let n = 0; n < count; n += 1) closeSync(openSync(join(this.#ballast, `${n}`), "wx"));
      } catch {
        // As above.
      }
    });
  }

  #takeFor(ms: number, take: () => void): void {
    if (this.#freeing) return;
    const shortage = { disk: this.#folder, from: Date.now(), until: Number.POSITIVE_INFINITY };
    this.#shortages.push(shortage);
    this.#freeing = setTimeout(() => this.free(), ms);
    take();
  }

  /** All room is back, now. */
  free(): void {
    if (!this.#freeing) return;
    clearTimeout(this.#freeing);
    this.#freeing = null;
    rmSync(this.#ballast, { recursive: true });
    const last = this.#shortages.findLast(({ disk }) => disk === this.#folder);
    if (last) last.until = Date.now();
  }
}
