/** `check-service`: how the worker's services answer, as one JSON object; `doctor` as root starts it across the drop. */
import { ServiceCheck } from "../service-check.ts";
import type { Context } from "./command.ts";
import { type ExitStatus, exitStatus } from "./exit-status.ts";
import { readWorkConfig } from "./work-config.ts";

/** `completed` whatever the services answer; `misconfigured` when there is nobody to ask. */
export async function checkService(context: Context): Promise<ExitStatus> {
  const { arguments: parsed, say } = context;
  const read = await readWorkConfig(context, "work", () => {});
  if (!read) return exitStatus.misconfigured;
  const report = await new ServiceCheck(read.config, parsed.flags.has("register")).report();
  await say.out(`${JSON.stringify(report)}\n`);
  return exitStatus.completed;
}
