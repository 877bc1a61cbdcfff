/** Which worker `status` and `drain` are about: one of the account that they run as. */
import { homedir } from "node:os";
import { dirname } from "node:path";
import { type FoundReport, findReports } from "../status/find-report.ts";
import type { Context } from "./command.ts";
import { CommandError, exitStatus } from "./exit-status.ts";
import { places } from "./places.ts";

export interface Workers {
  /** The one that is meant; null when there is none. */
  readonly meant: FoundReport | null;
  /** Others that run. */
  readonly others: readonly FoundReport[];
}

/** The instance of --instance, else the worker that runs, else the one that ran last. Throws CommandError `usage`. */
export async function workersOfAccount({ arguments: { values }, launch }: Context): Promise<Workers> {
  const instance = values.get("instance");
  if (instance !== undefined && !/^[a-z][a-z0-9-]{0,23}$/.test(instance)) {
    throw new CommandError(exitStatus.usage, `"${instance}" is no instance name`);
  }
  const directory = dirname(launch.state ?? places(process.platform, "default", homedir()).agentState);
  const [meant = null, ...others] = await findReports(directory, instance);
  return { meant, others: others.filter(({ state }) => state === "lives") };
}

/** What to say when there is none. `argv` is the command line as typed. */
export const otherAccounts =
  "only the workers of this account can be seen; for those of a session run it as root, " +
  "for those of another account with sudo and --agent-user NAME";
