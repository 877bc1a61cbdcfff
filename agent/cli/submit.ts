/** `submit`: creates the tasks of a file at the queue that the environment names. */
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Credentials } from "../queue/types.ts";
import type { Context } from "./command.ts";
import { CommandError, type ExitStatus, exitStatus, worst } from "./exit-status.ts";
import { fillIn, queueOf } from "./fill-in.ts";
import { startLine } from "./instances.ts";
import { localPool, ownerOf } from "./local-names.ts";
import { readArgumentFile } from "./open-file.ts";
import { type Beside, serveBeside } from "./serve-beside.ts";
import { TaskCreator } from "./task-creator.ts";
import { parseTaskFile, taskFileBytes } from "./task-file.ts";
import { relativeLinks, withServedLinks } from "./task-links.ts";
import { type PlannedTask, planTasks } from "./task-plan.ts";
import { Unclaimed } from "./unclaimed.ts";

const lookEveryMs = 1_000;
const stateStatus: Readonly<Record<string, ExitStatus>> = {
  completed: exitStatus.completed,
  failed: exitStatus.failed,
  exception: exitStatus.exception,
};

function credentialsOf(env: Context["env"]): Credentials | Record<string, never> {
  const clientId = env["TASKCLUSTER_CLIENT_ID"];
  const accessToken = env["TASKCLUSTER_ACCESS_TOKEN"];
  const certificate = env["TASKCLUSTER_CERTIFICATE"];
  return clientId && accessToken ? { clientId, accessToken, ...(certificate ? { certificate } : {}) } : {};
}

function rootUrlOf(env: Context["env"]): string {
  const rootUrl = env["TASKCLUSTER_ROOT_URL"];
  if (rootUrl) return rootUrl.replace(/\/+$/, "");
  const what = "TASKCLUSTER_ROOT_URL is not set: './taskcluster-worker queue' starts a local queue and prints it";
  throw new CommandError(exitStatus.misconfigured, what);
}

const isLocal = (rootUrl: string): boolean =>
  ["127.0.0.1", "localhost", "[::1]"].includes(URL.parse(rootUrl)?.hostname ?? "");

/** A script beside the file can be served only to a worker on this machine, and only while somebody is there to serve it. */
function checkLinks(tasks: readonly PlannedTask[], rootUrl: string, waits: boolean): void {
  const [relative] = tasks.flatMap((task) =>
    relativeLinks(task).map(({ property }) => `${property} of task ${task.n}`),
  );
  if (!relative) return;
  const local = isLocal(rootUrl);
  if (local && waits) return;
  const advice = local ? "add --wait, which serves it" : "give the address of a place that the worker can reach";
  throw new CommandError(exitStatus.usage, `the ${relative} is relative: ${advice}`);
}

/** How to come by a worker for tasks that wait. */
function workerAdvice(rootUrl: string): string {
  if (!isLocal(rootUrl)) return "look on the machines of that pool what './taskcluster-worker status' says";
  return `to start one, paste the lines that 'queue' has printed into another terminal, and type there: ${startLine()}`;
}

async function waitFor(tasks: readonly PlannedTask[], creator: TaskCreator, context: Context): Promise<ExitStatus> {
  const { env, say, interrupts } = context;
  const unclaimed = new Unclaimed(workerAdvice(rootUrlOf(env)));
  const seen = new Map<string, string>();
  const statuses: ExitStatus[] = [];
  const open = new Set(tasks);
  const ends = AbortSignal.any([interrupts.stop, interrupts.drain]);
  while (open.size > 0 && !ends.aborted) {
    for (const task of open) {
      const { state, reason } = await creator.look(task.taskId);
      const shown = state === "exception" ? `exception (${reason ?? "no reason"})` : state;
      if (seen.get(task.taskId) !== shown) say.step(`task ${task.n}: ${shown}`);
      seen.set(task.taskId, shown);
      const hint = unclaimed.hear(queueOf(task.definition) ?? localPool, state, performance.now());
      if (hint !== null) say.step(hint);
      const status = stateStatus[state];
      if (status === undefined) continue;
      statuses.push(status);
      open.delete(task);
    }
    if (open.size > 0) await sleep(lookEveryMs, undefined, { signal: ends }).catch(() => {});
  }
  if (open.size > 0) statuses.push(exitStatus.interrupted);
  return worst(statuses);
}

/** Prints the id of each task as soon as the queue has it; with --wait, until all are resolved. */
export async function submit(context: Context): Promise<ExitStatus> {
  const { arguments: parsed, launch, env, say } = context;
  const [path = ""] = parsed.operands;
  const waits = parsed.flags.has("wait");
  const rootUrl = rootUrlOf(env);
  const documents = parseTaskFile(await readArgumentFile(launch, path, taskFileBytes), path);
  const taskQueueId = env["TASKCLUSTER_WORKER_POOL_ID"] || localPool;
  const filled = documents.map((document) => {
    const { definition, notices } = fillIn(document, {
      file: path,
      now: new Date(),
      taskQueueId,
      owner: ownerOf(env),
    });
    for (const notice of notices) say.step(notice);
    return { ...document, definition };
  });
  const tasks = planTasks(filled, path, true);
  checkLinks(tasks, rootUrl, waits);
  const creator = new TaskCreator(rootUrl, credentialsOf(env));
  let beside: Beside | null = null;
  try {
    beside = await serveBeside(launch.files.has(path) ? "." : dirname(path), dirname(path));
    const planned = await withServedLinks(tasks, beside);
    for (const task of planned) {
      await creator.create(task);
      await say.out(`${task.taskId}\n`);
    }
    return waits ? await waitFor(planned, creator, context) : exitStatus.completed;
  } finally {
    await beside?.close();
  }
}
