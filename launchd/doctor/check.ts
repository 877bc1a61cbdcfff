/** What a check is, and what it is given. */
import type { Finding } from "./finding.ts";
import type { Subject } from "./subject.ts";

export interface Check {
  /** Stable: scripts name it. */
  readonly id: string;
  /** What is looked at, for people. */
  readonly title: string;
  /** Why it matters. */
  readonly why: string;
  /** What mends it, for docs/doctor.md; findings have the commands with this machine's names. */
  readonly remedy: string;
  /** Where an answer of macOS is only known from reports, and no surprise may be a failure. */
  readonly unsure?: string;
  /** Absent: on every platform. */
  readonly only?: "darwin";
  /** Only where something is installed. */
  readonly installed?: true;
  readonly needsRoot?: true;
  /** Default 30 s. */
  readonly timeoutMs?: number;
  probe(subject: Subject): Finding | Promise<Finding>;
}
