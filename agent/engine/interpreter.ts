/**
 * Whether a command was a script whose first line names an interpreter that is not there. The system refuses to start such
 * a script, and bash then ends with 126 or 127, as many a program does that has run.
 */
import { EngineError } from "./engine.ts";
import type { Command, TaskAccount } from "./task-account.ts";
import { replyOf, toolCommand } from "./user-tool.ts";

const statuses: readonly (number | null)[] = [126, 127];
/** Far more than a look at one line takes: a program that has become something to wait at is no script. */
const LOOK_MS = 5_000;

// As helper/become-user.sh finds it, and as far as macOS reads such a line. The system takes what is behind the name as
// the argument, and a CR as part of the name.
const lookLines = `exec 2>/dev/null
program=$1
[[ $program == */* ]] || program=$(PATH=$2; type -P -- "$1")
[[ -f $program && -x $program ]] && IFS= read -r -n 512 line <"$program"
[[ $line == '#!'* ]] && IFS=$' \\t' read -r interpreter _ <<<"\${line#??}"
[[ -z $interpreter || ( -f $interpreter && -x $interpreter ) ]] || printf missing
`;

/** To be asked behind the command's end; false when it cannot be told. Throws EngineError `helper-lost`. */
export async function lacksInterpreter(
  account: TaskAccount,
  { argv, env }: Command,
  code: number | null,
): Promise<boolean> {
  const [program = ""] = argv;
  if (!statuses.includes(code)) return false;
  try {
    const look = await account.start(toolCommand(account.user.home, lookLines, "look", [program, env["PATH"] ?? ""]));
    return (await replyOf(account, look, LOOK_MS)) === "missing";
  } catch (error) {
    if (error instanceof EngineError && error.code !== "helper-lost") return false;
    throw error;
  }
}
