/** Prints what a task's payload may hold. */
import { schemaFor } from "../payload/parse.ts";
import type { Dialect } from "../payload/payload.ts";
import type { Context } from "./command.ts";
import { CommandError, type ExitStatus, exitStatus } from "./exit-status.ts";

function dialectOf(name: string): Dialect {
  if (name === "generic-worker" || name === "taskcluster-worker") return name;
  const what = `there is no dialect "${name}"; it is generic-worker or taskcluster-worker`;
  throw new CommandError(exitStatus.usage, what);
}

/** The schema of the dialect that --dialect names. */
export async function showPayloadSchema({ arguments: { values }, say }: Context): Promise<ExitStatus> {
  const dialect = dialectOf(values.get("dialect") ?? "generic-worker");
  await say.out(`${JSON.stringify(schemaFor(dialect), null, 2)}\n`);
  return exitStatus.completed;
}
