/** `install`: does every step that is not done yet. */
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { layoutOf } from "../layout.ts";
import { Refusal, type Status } from "../refusal.ts";
import { hasDomain } from "./actions/jobs.ts";
import { type Choices, choicesOf } from "./choices.ts";
import type { Context } from "./context.ts";
import { withFacts } from "./facts.ts";
import { showOutlook } from "./outlook.ts";
import { currentStep, type Facts, installSteps } from "./plan.ts";
import type { Runner } from "./runner.ts";
import { inTurn } from "./turn.ts";
import { finishRemovals } from "./way-back.ts";

const { workerConfig } = layoutOf();

function refuseOtherAccount({ receipt }: Runner, { agentUser }: Choices): void {
  if (!receipt.choices || receipt.choices.agentUser === agentUser) return;
  const now = receipt.choices.agentUser === null ? "as a system job" : `for ${receipt.choices.agentUser}`;
  throw new Refusal(exitStatus.usage, `the worker is installed ${now}: uninstall it first, its settings stay`);
}

function refuseOtherVersion({ receipt }: Runner, facts: Facts): void {
  const link = receipt.find("steps", currentStep(facts));
  if (link?.step.kind !== "link" || link.step.target === currentStep(facts).target) return;
  if (link.state === "done")
    throw new Refusal(exitStatus.usage, `another version is installed (${link.step.target}): use upgrade`);
}

async function sayWhatIsMissing({ machine, say }: Context, { configured, agentUid, choices }: Facts): Promise<void> {
  if (!configured) say(`the worker does not run yet: fill in ${workerConfig} and run install again`);
  else if (!(await hasDomain(machine, agentUid === null ? "system" : `gui/${agentUid}`)))
    say(`${choices.agentUser} is not logged in: the worker starts with its login`);
}

export function install(context: Context, given: Arguments): Promise<Status> {
  return inTurn(context, "install", given, async (runner) => {
    const choices = choicesOf(given, runner.receipt.choices);
    return withFacts(context, given, choices, async (facts) => {
      refuseOtherAccount(runner, choices);
      refuseOtherVersion(runner, facts);
      const steps = installSteps(facts);
      if (given.flags.has("plan")) {
        if (!facts.configured) context.say(`without the agent's job, which follows when ${workerConfig} is filled in`);
        return showOutlook(context, given, { command: "install", steps, runner });
      }
      runner.receipt.begin(choices);
      await finishRemovals(runner);
      await runner.apply("steps", steps);
      await sayWhatIsMissing(context, facts);
      context.say(`installed: version ${facts.version}`);
      return exitStatus.completed;
    });
  });
}
