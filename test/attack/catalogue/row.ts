/** One attack of the threat catalogue: what is tried, what stops it, and the test that tries it for real. */
export interface Row {
  /** 1–60 as in the catalogue that the design came with; from 61 on those that were added here. */
  readonly row: number;
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly attacker: "agent" | "task" | "local user" | "server";
  /** What is tried, in one sentence. */
  readonly attack: string;
  /** Where the same has happened to others; empty when it is not known. */
  readonly echo: string;
  /** What stops it, and the file that it is in. */
  readonly defence: string;
  readonly played: Played | NotPlayed;
}

/** Tests that play it here. Each fails when the defence is taken out. */
export interface Played {
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

/** It cannot be played on Linux, or not yet. */
export interface NotPlayed {
  readonly reason: string;
  /** What will show it on a Mac, or when the part that it attacks is built. */
  readonly check: string;
}
