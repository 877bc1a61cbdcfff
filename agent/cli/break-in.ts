/** `break-in`: an instance of its own, a file that only root can read, and a prompt for whoever wants to get at it. */
import { createInterface } from "node:readline";
import { Attacker } from "../break-in/attacker.ts";
import { AuditTail } from "../break-in/audit-tail.ts";
import { help, Prompt } from "../break-in/prompt.ts";
import type { Context } from "./command.ts";
import { CommandError, type ExitStatus, exitStatus } from "./exit-status.ts";
import { whenAborted } from "./interrupts.ts";
import { rootNeeded } from "./root-needed.ts";

/** Answers 0 when nobody told the flag, 1 when somebody did. */
export async function breakIn({ argv, launch, say, interrupts }: Context): Promise<ExitStatus> {
  if (!launch.helper) {
    throw rootNeeded("break-in starts a helper to be attacked, which only root can do", argv, process.cwd());
  }
  const audit = launch.files.get("audit.log");
  if (!launch.flag || audit === undefined) {
    throw new CommandError(exitStatus.internal, "the starter made no flag, or did not open the audit log");
  }
  const attacker = new Attacker(launch.helper.socket);
  const prompt = new Prompt(attacker, new AuditTail(audit), launch.flag);
  const lines = createInterface({ input: process.stdin });
  whenAborted(interrupts.stop, () => lines.close());
  whenAborted(interrupts.drain, () => lines.close());
  const ask = (): void => say.ask(prompt.name);
  say.hint(help);
  ask();
  for await (const line of lines) {
    const shown = await prompt.take(line);
    if (shown === null) break;
    if (shown !== "") await say.out(`${shown}\n`);
    ask();
  }
  attacker.close();
  return prompt.won ? exitStatus.failed : exitStatus.completed;
}
