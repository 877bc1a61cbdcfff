/** `upgrade`: another version in the place of the one that is installed, or the way back to that. */
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { Refusal, type Status } from "../refusal.ts";
import type { Context } from "./context.ts";
import { withFacts } from "./facts.ts";
import { showOutlook } from "./outlook.ts";
import { currentStep, type Facts } from "./plan.ts";
import type { Runner } from "./runner.ts";
import type { Step } from "./step.ts";
import { settled, upgradeSteps } from "./switch.ts";
import { textOf } from "./text-of.ts";
import { inTurn } from "./turn.ts";
import { finishRemovals, goBack } from "./way-back.ts";

/** Whether the version is there already. Throws Refusal when no version is there as a whole. */
function isInstalled({ receipt }: Runner, facts: Facts): boolean {
  const wanted = currentStep(facts);
  const link = receipt.find("steps", wanted);
  if (link?.state !== "done")
    throw new Refusal(exitStatus.usage, "the installation has not come to its end: run install again");
  return link.step.kind === "link" && link.step.target === wanted.target;
}

/** Does the steps, or takes them back and says why. */
async function switchVersions({ machine, say }: Context, runner: Runner, steps: readonly Step[]): Promise<void> {
  try {
    await runner.apply("upgrade", steps);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(`${error.message}; going back to the version before`);
    const back = await goBack(machine, runner);
    throw new Refusal(exitStatus.failed, `the upgrade has been taken back: ${error.message}${back}`);
  }
  runner.receipt.settle(settled(runner.receipt.list("steps"), runner.receipt.list("upgrade")));
  await finishRemovals(runner);
}

export function upgrade(context: Context, given: Arguments): Promise<Status> {
  const { machine, say } = context;
  return inTurn(context, "upgrade", given, async (runner) => {
    const { choices } = runner.receipt;
    if (!choices) throw new Refusal(exitStatus.usage, "nothing is installed here: use install");
    return withFacts(context, given, choices, async (facts) => {
      const isCurrent = isInstalled(runner, facts);
      if (!given.flags.has("plan")) await finishRemovals(runner);
      if (isCurrent) {
        say(`version ${facts.version} (${currentStep(facts).target}) is what is installed`);
        return exitStatus.completed;
      }
      const steps = upgradeSteps(facts, runner.receipt.list("steps"), (path) => textOf(machine.at(path)));
      if (given.flags.has("plan")) return showOutlook(context, given, { command: "upgrade", steps, runner });
      await switchVersions(context, runner, steps);
      say(`upgraded: version ${facts.version}`);
      return exitStatus.completed;
    });
  });
}
