/** What an uninstallation looks for at its end, whatever its steps have said. */
import { layoutOf, workerAccount } from "../layout.ts";
import { isThere } from "./atomically.ts";
import type { Machine } from "./machine.ts";
import type { Reversed } from "./runner.ts";
import type { Step } from "./step.ts";

/** A sentence for each thing that is there although nothing of it is kept, and that no step has spoken of or is `open` for. */
export async function lookForLeftovers(
  machine: Machine,
  { left, kept }: Reversed,
  open: readonly Step[],
): Promise<string[]> {
  const isOpen = (path: string): boolean => open.some((step) => "path" in step && step.path === path);
  const { places: _places, ...paths } = layoutOf();
  const mine = [paths.base, paths.helperPlist, paths.agentPlist, paths.headlessPlist, paths.newsyslog];
  const found = mine
    .filter((path) => isThere(machine.at(path)) && !isOpen(path) && !left.some((sentence) => sentence.includes(path)))
    .map((path) => `${path} is there, and this installation has not made it: look whose it is`);
  const { exit, stdout } = await machine.run("dscl", ".", "-list", "/Users", "UniqueID");
  if (exit !== 0) return [...found, `the accounts cannot be listed (dscl ended with ${exit}): look for tcw-* yourself`];
  const users = [...stdout.matchAll(/^(tcw-[a-z2-7]{8})\s+5[0-4]\d\d$/gm)].map(([, name]) => name);
  if (users.length > 0) found.push(`task users whose accounts macOS has not removed: ${users.join(", ")}`);
  if (kept.length === 0 && new RegExp(`^${workerAccount}\\s`, "m").test(stdout)) {
    const isOurs = open.some((step) => step.kind === "account");
    const known = left.some((sentence) => sentence.includes(workerAccount));
    if (!known && !isOurs)
      found.push(`the account ${workerAccount}, which another installation or an administrator has made`);
  }
  return found;
}
