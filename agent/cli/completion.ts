/** Prints what a shell needs to complete our command lines. */
import { bashScript } from "../completion/bash.ts";
import { commandLinesOf } from "../completion/command-line.ts";
import { zshScript } from "../completion/zsh.ts";
import type { Command, Run } from "./command.ts";
import { CommandError, exitStatus } from "./exit-status.ts";

const scripts = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
]);

/** The command for this table of commands, which imports us and therefore cannot be imported here. */
export function completionOf(commands: Readonly<Record<string, Command>>): Run {
  return async ({ arguments: { operands }, say }) => {
    const shell = operands[0] ?? "";
    const script = scripts.get(shell);
    if (!script) {
      throw new CommandError(
        exitStatus.usage,
        `there is no completion for "${shell}"; there is one for bash and for zsh`,
      );
    }
    await say.out(script(commandLinesOf(commands)));
    return exitStatus.completed;
  };
}
