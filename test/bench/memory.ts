/** Memory of the agent and of the helper, idle and while a task prints a gigabyte. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Form } from "./bench-helper.ts";
import type { BenchWorker } from "./bench-worker.ts";
import { type Options, progress, type Row } from "./measure.ts";
import { idleMemory, type Memory, watchPeak } from "./process-memory.ts";
import { printing } from "./task-log.ts";
import { warmUser } from "./warm-user.ts";

const helperMost: Readonly<Record<Form, number>> = { checkout: 100, installed: 60, direct: 60 };

/** A Node that does nothing. */
async function bareNode(node: string): Promise<Memory> {
  const child: ChildProcess = spawn(node, ["-e", "process.stdin.resume(); console.log()"], {
    ...{ cwd: "/", env: {}, stdio: ["pipe", "pipe", "ignore"] },
  });
  if (!child.stdout || child.pid === undefined) throw new Error("Node could not be started");
  await once(child.stdout, "data");
  const memory = await idleMemory(child.pid);
  const exited = once(child, "exit");
  child.stdin?.end();
  await exited;
  return memory;
}

/** Four rows. The worker has capacity 1 and has run no large task yet. */
export async function memory(worker: BenchWorker, node: string, form: Form, { short }: Options): Promise<Row[]> {
  const megabytes = short ? 128 : 1024;
  const baseline = { what: "a Node that does nothing", figure: (await bareNode(node)).resident };
  const pids = { agent: worker.agentPid, helper: worker.helper.pid };
  // A first task, so that everything has been loaded and compiled that a task needs.
  await warmUser(worker);
  await worker.event(await worker.createTask(["/bin/true"]), "gone");
  await warmUser(worker);
  const idle = { agent: await idleMemory(pids.agent), helper: await idleMemory(pids.helper) };
  const peakOf = { agent: watchPeak(pids.agent), helper: watchPeak(pids.helper) };
  const taskId = await worker.createTask(printing(megabytes));
  await worker.event(taskId, "gone");
  const peak = { agent: peakOf.agent(), helper: peakOf.helper() };
  const log = `a ${megabytes} MB log`;
  const grown = peak.agent - idle.agent.resident;
  progress(
    `memory: agent ${idle.agent.resident.toFixed(0)} + ${grown.toFixed(0)} MB, helper ${peak.helper.toFixed(0)} MB`,
  );
  const most = { of: "figure", bound: "most" } as const;
  const row = (measure: string, figure: number, target: Row["target"], of: Memory): Row => {
    const { anonymous, proportional } = of;
    return { measure, unit: "MB", figure, baseline, target, detail: { anonymous, proportional } };
  };
  return [
    row("agent, idle", idle.agent.resident, null, idle.agent),
    {
      ...row(`agent, growth during ${log}`, grown, { ...most, value: 64 }, idle.agent),
      baseline: { what: "agent, idle", figure: idle.agent.resident },
    },
    row(`helper (${form}), idle`, idle.helper.resident, { ...most, value: helperMost[form] }, idle.helper),
    row(`helper (${form}), peak during ${log}`, peak.helper, { ...most, value: helperMost[form] }, idle.helper),
  ];
}
