/**
 * What probes make, written down before they make it: whatever happens to a probe, the suite can remove what it left, and
 * nothing else. Only names that the suite makes for itself can stand here.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export type Made =
  /** A directory record `/Users/NAME` or `/Groups/NAME`. */
  | { readonly kind: "record"; readonly path: string }
  | { readonly kind: "job"; readonly label: string }
  /** A helper: it ends by itself when its probe does, and takes its task users with it. */
  | { readonly kind: "helper"; readonly pid: number; readonly started: string }
  /** Where a disk image is attached. */
  | { readonly kind: "image"; readonly device: string; readonly at: string }
  | { readonly kind: "folder"; readonly path: string }
  /** The worker, installed where there was no installation. */
  | { readonly kind: "installation" };

/** Those of the vectors have names that are always the same, others a name by chance. */
export const ownRecord = /^\/(Users|Groups)\/(_tcwtest-[a-z]{1,16}|_tcwmac-[a-z2-7]{8})$/;
export const ownJob = /^org\.taskcluster\.worker\.test-[0-9a-f]{12}$/;
export const ownFolder = /^\/[\w./-]+\/test-mac-[A-Za-z0-9]{6}$/;

function isOwn(made: Made): boolean {
  switch (made.kind) {
    case "record":
      return ownRecord.test(made.path);
    case "job":
      return ownJob.test(made.label);
    case "helper":
      return Number.isSafeInteger(made.pid) && made.pid > 1 && made.started !== "";
    case "image":
      return /^\/dev\/disk\d+(s\d+)?$/.test(made.device) && ownFolder.test(made.at.replace(/\/[a-z]+$/, ""));
    case "folder":
      return ownFolder.test(made.path) && !made.path.includes("/../");
    case "installation":
      return true;
  }
}

export class Ledger {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** Throws for what cannot be the suite's own. */
  note(made: Made): void {
    if (!isOwn(made)) throw new Error(`${JSON.stringify(made)} is nothing that this suite makes`);
    appendFileSync(this.file, `${JSON.stringify(made)}\n`);
  }

  /** Everything noted, the newest first. Throws when a line is not what `note` writes. */
  all(): Made[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, "utf8").split("\n").slice(0, -1);
    return lines.toReversed().map((line) => {
      const made: Made = JSON.parse(line);
      if (!isOwn(made)) throw new Error(`${this.file} has a line that this suite does not write: ${line}`);
      return made;
    });
  }
}
