import type { Random } from "./random.ts";

/** Something that root parses, and what must be true of it for every input. */
export interface Target {
  /** Texts that random bytes would hardly ever hit. */
  readonly tokens: readonly string[];
  /** A new input that is valid, or nearly. */
  make(random: Random): Buffer;
  /** A change that knows the input's structure; undefined where only bytes can be changed. */
  change(input: Buffer, random: Random): Buffer | undefined;
  /** Throws where something that must be true is not. What the parser is allowed to throw is caught in here. */
  run(input: Buffer): void;
}

export const targetNames = ["frames", "validators", "plist", "config", "journal"] as const;
export type TargetName = (typeof targetNames)[number];

/** Loads what the target fuzzes too: hooks and coverage must be there before. */
export async function loadTarget(name: TargetName): Promise<Target> {
  switch (name) {
    case "frames":
      return (await import("./targets/frames.ts")).frames;
    case "validators":
      return (await import("./targets/validators.ts")).validators;
    case "plist":
      return (await import("./targets/plist.ts")).plist;
    case "config":
      return (await import("./targets/config.ts")).config;
    case "journal":
      return (await import("./targets/journal.ts")).journal;
  }
}
