/** Audit logs as the helper writes them, for tests of what reads them. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Audit } from "../../helper/audit.ts";

export interface WrittenLog {
  readonly directory: string;
  /** The current file; the rotated one, where there is one, is `<file>.1`. */
  readonly file: string;
  readonly head: string;
}

export type Step = readonly [action: string, detail: Parameters<Audit["note"]>[1]];

export const steps: readonly Step[] = [
  ["create", {}],
  ["directories", { user: "tcw-aaaaaaaa", uid: 5501 }],
  ["spawn", { user: "tcw-aaaaaaaa", uid: 5501 }],
  ["kill", { uid: 5501 }],
  ["ended", { user: "tcw-aaaaaaaa", uid: 5501, state: "gone" }],
];

/** `rotateAt`: how many steps are in the older file; 0 for none. */
export function writeLog(
  t: TestContext,
  { rotateAt = 0, log = steps }: { rotateAt?: number; log?: readonly Step[] } = {},
): WrittenLog {
  const directory = mkdtempSync(join(tmpdir(), "audit-log-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "audit.log");
  let audit = new Audit(file);
  log.forEach(([action, detail], index) => {
    if (rotateAt > 0 && index === rotateAt) {
      renameSync(file, `${file}.1`);
      audit = new Audit(file);
    }
    audit.note(action, detail);
  });
  return { directory, file, head: audit.head };
}

/** Rewrites a file's lines. */
export function tamper(file: string, change: (lines: string[]) => string[]): void {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  writeFileSync(
    file,
    change(lines)
      .map((line) => `${line}\n`)
      .join(""),
  );
}
