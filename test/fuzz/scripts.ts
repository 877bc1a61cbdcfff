import type { TargetName } from "./target.ts";

const generated = "/shared/protocol/validators.js";
/** The ends of the URLs of each target's scripts: their blocks guide. */
export const scripts: Readonly<Record<TargetName, readonly string[]>> = {
  frames: ["/shared/protocol/frames.ts"],
  validators: [generated],
  plist: ["/helper/plist.ts"],
  config: ["/helper/config.ts", generated],
  journal: ["/helper/journal.ts", generated],
};
