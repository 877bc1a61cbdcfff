/** A worker's report for people. */
import type { HelperReport } from "../../shared/helper-report.ts";
import { isProcess } from "../../shared/process-alive.ts";
import type { FoundReport } from "./find-report.ts";
import type { Report } from "./report.ts";

function line(label: string, text: string): string {
  return `${label.padEnd(12)}${text}`;
}

function age(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function stateLine({ report, state, ageMs }: FoundReport): string {
  switch (state) {
    case "lives":
      return `${report.state}${report.idle === null ? "" : ` (${report.idle})`}: ${report.doing}`;
    case "stale":
      return `unknown: the worker has written nothing for ${age(ageMs)}; it may hang. Then: ${report.doing}`;
    case "ended":
      return `ended ${age(ageMs)} ago: ${report.end?.reason}, exit status ${report.end?.exitStatus}`;
    case "killed":
      return `not running: its process is gone, and said nothing. ${age(ageMs)} ago: ${report.doing}`;
  }
}

function taskLines({ running, capacity }: Report): string[] {
  const tasks = running.map(({ taskId, runId, user, since, unheard }) => {
    const waits = unheard ? ", over: it waits until the queue can be told" : "";
    return line("", `${taskId} run ${runId} as ${user ?? "nobody yet"} since ${since}${waits}`);
  });
  return [line("tasks", `${running.length} of ${capacity} places taken`), ...tasks];
}

export function reportLines(found: FoundReport): string[] {
  const { report, ageMs } = found;
  const { workerPoolId, workerGroup, workerId, pid, version, instance, resolved, tasksResolved, lastClaim } = report;
  return [
    line("worker", `${workerPoolId} ${workerGroup}/${workerId}, pid ${pid}, version ${version}, instance ${instance}`),
    line("state", stateLine(found)),
    ...(found.state === "lives" || found.state === "stale" ? taskLines(report) : []),
    line(
      "resolved",
      `${resolved.completed} completed, ${resolved.failed} failed, ${resolved.exception} exception since ${report.started}; ` +
        `${tasksResolved} counted for numberOfTasksToRun`,
    ),
    line("last claim", lastClaim ?? "none"),
    line("written", `${age(ageMs)} ago`),
  ];
}

/** Anybody may look whether a process is there, root's too. */
export function helperLine(helper: HelperReport | null, isAlive: (pid: number) => boolean = isProcess): string {
  if (!helper) return line("helper", "has left no status here");
  const { pid, version, agent, lastHello, live, resting, quarantined } = helper;
  const users = `${live} live, ${resting} resting, ${quarantined} quarantined`;
  if (!isAlive(pid))
    return line("helper", `not running: it was pid ${pid}, version ${version}; task users then: ${users}`);
  const hello = lastHello === 0 ? "none has said hello yet" : `the last hello was ${new Date(lastHello).toISOString()}`;
  const connected = agent ? "an agent is connected" : "no agent is connected";
  return line("helper", `pid ${pid}, version ${version}, ${connected}, ${hello}; task users: ${users}`);
}
