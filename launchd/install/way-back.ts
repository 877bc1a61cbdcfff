/** What an earlier command has left half done: the way back from an upgrade, and versions that are to go. */
import { Refusal } from "../refusal.ts";
import { actionsOf } from "./actions.ts";
import type { Machine } from "./machine.ts";
import type { Runner } from "./runner.ts";
import type { HelloStep } from "./step.ts";

/** Returns what is to be added to the sentence about it; nothing when the version before runs as it did. */
export async function goBack(machine: Machine, runner: Runner): Promise<string> {
  const { left } = await runner.reverse("upgrade", { purge: true });
  const problems = left.map((sentence) => `; ${sentence}`);
  const hellos = runner.receipt.list("steps").map(({ step }) => step);
  for (const hello of hellos.filter((step): step is HelloStep => step.kind === "hello")) {
    try {
      await actionsOf(machine, hello).do();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return [...problems, `; and the version before does not run: ${error.message}`].join("");
    }
  }
  return problems.join("");
}

/** A version that an upgrade, or an uninstallation that was cut off, has begun to remove. */
export async function finishRemovals(runner: Runner): Promise<void> {
  for (const { step, state } of runner.receipt.list("steps")) {
    if (step.kind === "release" && state === "undoing") await runner.remove(step);
  }
}
