/** Whoever can rename a parent can replace everything below it: what is installed lies below directories of root alone. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { trusted } from "../../helper/trust.ts";
import { exitStatus } from "../../shared/exit-status.ts";
import { Refusal } from "../refusal.ts";

/** Throws Refusal when somebody else could change `path`, or a directory above it that is already there. */
export function checkChain(path: string): void {
  let there = path;
  while (!existsSync(there)) there = dirname(there);
  try {
    trusted(there);
  } catch (error) {
    throw new Refusal(exitStatus.misconfigured, error instanceof Error ? error.message : String(error));
  }
}
