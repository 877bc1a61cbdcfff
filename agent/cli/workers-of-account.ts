/** Which worker `status` and `drain` are about: one of the account that they run as. */
import { homedir } from "node:os";
import { dirname } from "node:path";
import { type FoundReport, findReports } from "../status/find-report.ts";
import type { Context } from "./command.ts";
import { CommandError, exitStatus } from "./exit-status.ts";
import { instancesThere, isInstance } from "./instances.ts";
import { places } from "./places.ts";
import { rootNeeded } from "./root-needed.ts";

export interface Workers {
  /** The one that is meant; null when there is none. */
  readonly meant: FoundReport | null;
  /** Others that run. */
  readonly others: readonly FoundReport[];
  /** Everyone, those that run first. */
  readonly all: readonly FoundReport[];
}

function whoseCanBeSeen({ arguments: { values }, launch }: Context): string {
  const named = values.get("agent-user");
  if (named !== undefined)
    return `only the workers of ${named} can be seen; for those that root starts leave --agent-user out`;
  return launch.lifeline === null
    ? "only the workers of this account can be seen; for those of a session run it as root, " +
        "for those of another account with sudo and --agent-user NAME"
    : "only the workers that root starts can be seen; for those of another account add --agent-user NAME";
}

/** Whether a worker still does. */
export const runs = ({ state }: FoundReport): boolean => state === "lives";

/** A sentence for whoever needs a worker where none is meant: `what` these are, and whose cannot be seen. */
export function seenAs(context: Context, what: string, found: readonly FoundReport[]): string {
  const names = found.map(({ report }) => report.instance);
  return `${instancesThere(what, names)}; ${whoseCanBeSeen(context)}`;
}

/** The instance of --instance, else the worker that runs, else the one that ran last. Throws CommandError. */
export async function workersOfAccount({ arguments: { values }, argv, launch }: Context): Promise<Workers> {
  const instance = values.get("instance");
  if (values.has("agent-user") && launch.lifeline === null) {
    throw rootNeeded("--agent-user is for another account's worker, which only root may ask", argv, process.cwd());
  }
  if (instance !== undefined && !isInstance(instance)) {
    throw new CommandError(exitStatus.usage, `"${instance}" is no instance name`);
  }
  const directory = dirname(launch.state ?? places(process.platform, "default", homedir()).agentState);
  const all = await findReports(directory);
  const [meant = null, ...others] = all.filter(({ report }) => instance === undefined || report.instance === instance);
  return { meant, others: others.filter(runs), all };
}
