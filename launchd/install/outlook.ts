/** What `--plan` prints of an installation or an upgrade: each step, as what it would find here, and why it is done. */
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { Refusal, type Status } from "../refusal.ts";
import { actionsOf } from "./actions.ts";
import type { Context } from "./context.ts";
import { describe, documentOf } from "./describe.ts";
import type { Runner } from "./runner.ts";
import type { Step } from "./step.ts";

interface Outlook {
  readonly command: "install" | "upgrade";
  readonly steps: readonly Step[];
  readonly runner: Runner;
}

/** Throws Refusal when something is in the way, after everything has been printed. */
export async function showOutlook(
  { machine, out }: Context,
  { flags }: Arguments,
  { command, steps, runner }: Outlook,
): Promise<Status> {
  const looked = [];
  for (const step of steps) {
    const known = runner.receipt.find("steps", step)?.step;
    looked.push({ step, found: await actionsOf(machine, step).look(known) });
  }
  const foreign = looked.flatMap(({ found }) => (found.state === "foreign" ? [found.sentence] : []));
  if (flags.has("json")) {
    const rows = looked.map(({ step, found }) => ({ ...documentOf(step), state: found.state }));
    out(`${JSON.stringify({ [command]: rows, foreign })}\n`);
  } else {
    const lines = looked.map(({ step, found }, index) => {
      const mark = { done: "as it is", "to do": "", foreign: "IN THE WAY" }[found.state];
      return `${`${index + 1}`.padStart(3)} ${describe(step)}${mark && `  (${mark})`}\n      ${step.why}\n`;
    });
    out(lines.join(""));
  }
  const [first] = foreign;
  if (first !== undefined) throw new Refusal(exitStatus.misconfigured, first);
  return exitStatus.completed;
}
