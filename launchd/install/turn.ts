/** One command at a time, and an upgrade that was cut off is taken back before the next one begins. */
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { layoutOf } from "../layout.ts";
import { Refusal, type Status } from "../refusal.ts";
import type { CommandName, Context } from "./context.ts";
import { withLock } from "./run-lock.ts";
import { Runner } from "./runner.ts";
import { goBack } from "./way-back.ts";

const { receipt } = layoutOf();

/** A plan changes nothing, so it waits for nobody. Throws Refusal `busy` while another command is under way. */
export function inTurn(
  context: Context,
  name: CommandName,
  given: Arguments,
  work: (runner: Runner) => Promise<Status>,
): Promise<Status> {
  const { machine, observer, say } = context;
  const run = async (): Promise<Status> => {
    const runner = new Runner(machine, name, receipt, observer);
    if (runner.receipt.list("upgrade").length > 0) {
      if (given.flags.has("plan"))
        throw new Refusal(exitStatus.failed, "an upgrade was cut off: without --plan it is taken back first");
      say("an upgrade was cut off: going back to the version before");
      const problem = await goBack(machine, runner);
      if (problem !== "") say(problem.slice(2));
    }
    return work(runner);
  };
  return given.flags.has("plan") ? run() : withLock(machine.at(receipt), run);
}
