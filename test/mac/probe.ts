/** A question to a Mac: what we believe, which of our files lean on it, and what is asked. */
import type { Ground } from "./ground.ts";

/** How sure we are without having asked a Mac. */
export const marks = {
  V: "read in the source of the system",
  D: "in a manual, or seen by others on a Mac",
  M: "measured on Linux",
  F: "plausible, repeated, not proven",
} as const;

export interface Answer {
  /** In the words of `expected`, so that both can be compared. */
  readonly seen: string;
  /** Lines for whoever reads the report: times, counts, what was printed. Not compared. */
  readonly more?: readonly string[];
}

export interface Probe {
  /** Stays the same for ever: a report of last year can be compared with one of today. */
  readonly number: number;
  /** What we believe of macOS, as a sentence. */
  readonly claim: string;
  readonly mark: keyof typeof marks;
  /** Files of ours that would be wrong if it were otherwise. */
  readonly leansOn: readonly string[];
  /** How it is asked, as somebody would do it by hand. */
  readonly asked: string;
  /** The answers that our code is made for; mostly one. */
  readonly expected: readonly string[];
  /** It installs the worker where an installation is: only for a Mac that can be thrown away. */
  readonly installs?: true;
  /** Longest time to answer, in seconds; 60 unless told. */
  readonly seconds?: number;
  /** Rejects with NotAsked where this Mac lacks what the question needs; any other rejection is a failed probe. */
  ask(ground: Ground): Promise<Answer>;
}

/** The question cannot be put to this Mac; the message is the reason. */
export class NotAsked extends Error {}

/** Probes of one subject; one that does not say itself what leans on it has the files of the subject. */
export function probesOf(
  common: Pick<Probe, "leansOn">,
  probes: readonly (Omit<Probe, "leansOn"> & Partial<Pick<Probe, "leansOn">>)[],
): Probe[] {
  return probes.map((probe) => ({ ...common, ...probe }));
}
