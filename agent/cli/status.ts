/** `status`: what the worker does, from the files that it and its helper keep. */
import { homedir } from "node:os";
import { readHelperReport } from "../status/helper-report.ts";
import { helperLine, reportLines } from "../status/show.ts";
import type { Context } from "./command.ts";
import { type ExitStatus, exitStatus } from "./exit-status.ts";
import { places } from "./places.ts";
import { printable } from "./say.ts";
import { runs, seenAs, workersOfAccount } from "./workers-of-account.ts";

/** `completed` when the worker takes tasks as it can, `failed` when it is idle for a reason, `unavailable` without one. */
export async function status(context: Context): Promise<ExitStatus> {
  const { arguments: parsed, say } = context;
  const { meant, others, all } = await workersOfAccount(context);
  const asked = parsed.values.get("instance");
  const instance = meant?.report.instance ?? asked ?? "default";
  const helper = await readHelperReport(places(process.platform, instance, homedir()).helperStatus);
  if (parsed.flags.has("json")) {
    const { report, state } = meant ?? { report: { currentTaskIds: [] }, state: "none" };
    await say.out(`${JSON.stringify({ ...report, worker: state, helper })}\n`);
  } else {
    const lines = [...(meant ? reportLines(meant) : []), helperLine(helper)];
    await say.out(lines.map((line) => `${printable(line)}\n`).join(""));
  }
  for (const { report } of others) say.step(`there is another: --instance ${report.instance}`);
  const who = asked === undefined ? "no worker" : `no worker of the instance ${asked}`;
  const there = seenAs(context, "instances of this account", all.some(runs) ? all.filter(runs) : all);
  if (!meant) say.error(`${who} has left a status; ${there}`);
  if (meant?.state !== "lives") return exitStatus.unavailable;
  return meant.report.state === "idle" ? exitStatus.failed : exitStatus.completed;
}
