/** Which worker `status` and `drain` are about: one of the account that they run as. */
import { homedir } from "node:os";
import { dirname } from "node:path";
import { type FoundReport, findReports } from "../status/find-report.ts";
import type { Context } from "./command.ts";
import { CommandError, exitStatus } from "./exit-status.ts";
import { instancesThere } from "./instances.ts";
import { places } from "./places.ts";
import { rootNeeded } from "./root-needed.ts";

export interface Workers {
  /** The one that is meant; null when there is none. */
  readonly meant: FoundReport | null;
  /** Others that run. */
  readonly others: readonly FoundReport[];
  /** A sentence for whoever needs one where none is meant: which there are, and whose cannot be seen. */
  readonly seen: string;
}

const otherAccounts =
  "only the workers of this account can be seen; for those of a session run it as root, " +
  "for those of another account with sudo and --agent-user NAME";

/** The instances whose workers run, else those whose workers ran. */
async function seenIn(directory: string): Promise<string> {
  const all = await findReports(directory);
  const living = all.filter(({ state }) => state === "lives");
  const names = (living.length > 0 ? living : all).map(({ report }) => report.instance);
  return `${instancesThere("of this account", names)}; ${otherAccounts}`;
}

/** The instance of --instance, else the worker that runs, else the one that ran last. Throws CommandError. */
export async function workersOfAccount({ arguments: { values }, argv, launch }: Context): Promise<Workers> {
  const instance = values.get("instance");
  if (values.has("agent-user") && launch.lifeline === null) {
    throw rootNeeded("--agent-user is for another account's worker, which only root may ask", argv, process.cwd());
  }
  if (instance !== undefined && !/^[a-z][a-z0-9-]{0,23}$/.test(instance)) {
    throw new CommandError(exitStatus.usage, `"${instance}" is no instance name`);
  }
  const directory = dirname(launch.state ?? places(process.platform, "default", homedir()).agentState);
  const [meant = null, ...others] = await findReports(directory, instance);
  return { meant, others: others.filter(({ state }) => state === "lives"), seen: await seenIn(directory) };
}
