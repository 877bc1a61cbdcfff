/** The real launcher on a machine of its own, for what would be in the way of every other starter. */
import { once } from "node:events";
import { join } from "node:path";
import { startPrivately } from "../mutations/private-machine.ts";
import { checkout } from "./launched.ts";
import { bash, openDirectory, writeTasks } from "./run-task.ts";

export interface End {
  readonly status: unknown;
  readonly said: string;
}

/** As a line of bash for `prepared`. */
export const run = "./taskcluster-worker run-task $task";

/** Runs lines of bash; `$task` is a file that runs `command`, `$node` and `$lock` take locks. */
export async function prepared(lines: string, command = "echo hello"): Promise<End> {
  const task = writeTasks(join(openDirectory(), "tasks.yml"), [bash(command)]);
  const argv = ["/bin/bash", "-ec", `umask 022; task=$0 node=$1 lock=$2; ${lines}`, task, process.execPath];
  const machine = startPrivately(checkout, [...argv, join(checkout, "test/helper/lock-holder.ts")]);
  let said = "";
  for (const stream of [machine.stdout, machine.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const [status] = await once(machine, "close");
  return { status, said };
}
