/** One entry of the audit log, as helper/audit.ts writes it. */
import { createHash } from "node:crypto";

export interface Entry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** SHA-256 of the line before, in hex. */
  readonly prev: string;
  readonly action: string;
  /** How many entries could not be written just before this one; 0 for most. */
  readonly lost: number;
  /** Everything else. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What the first entry of all has as `prev`. */
export const firstPrev = "0".repeat(64);

export function hashOf(line: Uint8Array): string {
  return createHash("sha256").update(line).digest("hex");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Undefined for a line that is no entry. */
export function parseEntry(line: Uint8Array): Entry | undefined {
  const json = parseJson(Buffer.from(line).toString("utf8"));
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const { time, prev, action, lost = 0, ...details }: Record<string, unknown> = { ...json };
  if (typeof time !== "number" || typeof action !== "string" || typeof lost !== "number") return undefined;
  if (typeof prev !== "string" || !/^[0-9a-f]{64}$/.test(prev)) return undefined;
  return { time, prev, action, lost, details };
}
