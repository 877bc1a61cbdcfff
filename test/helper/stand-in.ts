/** A copy of the dscl stand-in that a helper can trust, whoever owns the checkout. */
import { chmodSync, chownSync, copyFileSync } from "node:fs";
import { dirname, join } from "node:path";

const standIn = join(dirname(dirname(import.meta.dirname)), "test/dscl/dscl");

/** As root. The copy keeps the owner of what is copied, unless it is given away. */
export function copyStandIn(to: string, from = standIn): string {
  copyFileSync(from, to);
  chownSync(to, 0, 0);
  chmodSync(to, 0o755);
  return to;
}
