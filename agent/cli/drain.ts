/** `drain`: tells a worker to claim nothing more, to finish its tasks and to end. */
import { errorCode } from "../thrown.ts";
import type { Context } from "./command.ts";
import { CommandError, type ExitStatus, exitStatus } from "./exit-status.ts";
import { rootNeeded } from "./root-needed.ts";
import { runs, seenAs, workersOfAccount } from "./workers-of-account.ts";

/** Returns when the worker has been told, not when it has ended. */
export async function drain(context: Context): Promise<ExitStatus> {
  const { meant, others, all } = await workersOfAccount(context);
  if (meant?.state !== "lives") {
    const asked = context.arguments.values.get("instance");
    const who = asked === undefined ? "no worker" : `no worker of the instance ${asked}`;
    const there = seenAs(context, "instances of this account that run", all.filter(runs));
    throw new CommandError(exitStatus.unavailable, `${who} runs that could be told; ${there}`);
  }
  const { pid, workerId, instance, drainSignal, running, idle } = meant.report;
  if (others.length > 0 && !context.arguments.values.has("instance")) {
    const names = [meant, ...others].map(({ report }) => report.instance).join(", ");
    throw new CommandError(exitStatus.usage, `several workers run here; say which with --instance: ${names}`);
  }
  const who = `${workerId} (instance ${instance}, pid ${pid})`;
  if (idle === "draining") {
    // A second signal would end its tasks.
    context.say.step(`${who} is draining already; \`status\` shows what it waits for`);
    return exitStatus.completed;
  }
  try {
    process.kill(pid, drainSignal);
  } catch (error) {
    if (errorCode(error) !== "EPERM") throw error;
    throw rootNeeded(`the worker ${workerId} belongs to another account`, context.argv, process.cwd());
  }
  const tasks = running.length === 1 ? "its task is" : `its ${running.length} tasks are`;
  const until =
    running.length === 0 ? "it ends when its call to the queue has come back" : `it ends when ${tasks} done`;
  context.say.step(`${who} claims nothing more; ${until}`);
  return exitStatus.completed;
}
