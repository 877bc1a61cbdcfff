/** The commands that are programs of launchd/: the launcher starts those, so that none of the agent runs as root. */

import type { Context } from "./command.ts";
import { launcherFrom, rootNeeded } from "./root-needed.ts";

export async function elsewhere({ argv }: Context): Promise<never> {
  throw rootNeeded(
    `this command is no part of the agent; start it through ${launcherFrom(process.cwd())}`,
    argv,
    process.cwd(),
  );
}
