/** `uninstall`: takes back what the receipt has, and looks whether something is left. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../../helper/lock.ts";
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { layoutOf } from "../layout.ts";
import { Refusal, type Status } from "../refusal.ts";
import { isThere } from "./atomically.ts";
import type { Context } from "./context.ts";
import { describe, describeUndo, documentOf } from "./describe.ts";
import { lookForLeftovers } from "./leftovers.ts";
import type { Machine } from "./machine.ts";
import { hasPackage, packageRemoval, removePackage } from "./package.ts";
import type { Reversed, Runner } from "./runner.ts";
import { isKept } from "./step.ts";
import { inTurn } from "./turn.ts";

const layout = layoutOf();

async function showPlan({ machine, out }: Context, { receipt }: Runner, { flags }: Arguments): Promise<Status> {
  const purge = flags.has("purge");
  const steps = receipt
    .list("steps")
    .map(({ step }) => ({ step, stays: isKept(step) && !purge }))
    .toReversed();
  const ofPackage = (await hasPackage(machine)) ? [packageRemoval] : [];
  const json = [...steps.map(({ step, stays }) => ({ ...documentOf(step), stays })), ...ofPackage];
  const lines = [
    ...steps.map(({ step, stays }) => (stays ? `keep ${describe(step)}` : describeUndo(step))),
    ...ofPackage.map(({ path, why }) => `remove package ${path}: ${why}`),
  ];
  out(flags.has("json") ? `${JSON.stringify({ uninstall: json })}\n` : lines.map((line) => `${line}\n`).join(""));
  return exitStatus.completed;
}

/** Sessions beside the installation use root's state: it cannot be removed under them. */
function refuseSessions(machine: Machine): void {
  const starters = machine.at(join(layout.privateState, "starters"));
  const entries = existsSync(starters) ? readdirSync(starters, { withFileTypes: true }) : [];
  for (const { name: pid } of entries.filter((entry) => entry.isFile())) {
    const lock = takeLock(join(starters, pid));
    lock?.close();
    if (!lock)
      throw new Refusal(
        exitStatus.busy,
        `a session (run-task or work --with-helper, pid ${pid}) runs: wait for its end`,
      );
  }
}

async function remove(context: Context, runner: Runner, purge: boolean): Promise<Reversed> {
  const reversed = await runner.reverse("steps", { purge });
  // A package is what to try again from while something else is left. Without it the directory around it can go.
  const isLast = !existsSync(context.machine.at(layout.versions));
  const ofPackage = isLast ? await removePackage(context) : null;
  if (!ofPackage) return reversed;
  const { left, kept } = await runner.reverse("steps", { purge });
  return { left: [...left, ...ofPackage], kept };
}

function report({ say }: Context, { left, kept }: Reversed, found: readonly string[]): Status {
  for (const step of kept) say(`kept: ${describe(step)}; uninstall --purge removes it`);
  for (const sentence of [...left, ...found]) say(`left: ${sentence}`);
  if (left.length + found.length > 0) return exitStatus.failed;
  say(kept.length > 0 ? "uninstalled but for what is kept" : "uninstalled: nothing of it is left");
  return exitStatus.completed;
}

export function uninstall(context: Context, given: Arguments): Promise<Status> {
  const { machine, say } = context;
  return inTurn(context, "uninstall", given, async (runner) => {
    // Without an installation a package, the directory that it came into, or macOS's note of it may be there all the same.
    const anything = isThere(machine.at(layout.base)) || (await hasPackage(machine));
    if (!runner.receipt.choices && !anything) {
      say("nothing is installed here");
      return exitStatus.completed;
    }
    if (given.flags.has("plan")) return showPlan(context, runner, given);
    refuseSessions(machine);
    const removed = await remove(context, runner, given.flags.has("purge"));
    const open = runner.receipt.list("steps").map(({ step }) => step);
    return report(context, removed, await lookForLeftovers(machine, removed, open));
  });
}
