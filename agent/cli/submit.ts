/** `submit`: creates the tasks of a file at the queue that the environment names. */
import { dirname } from "node:path";
import type { Credentials } from "../queue/types.ts";
import type { Context } from "./command.ts";
import { CommandError, type ExitStatus, exitStatus } from "./exit-status.ts";
import { fillIn } from "./fill-in.ts";
import { localPool, ownerOf } from "./local-names.ts";
import { readArgumentFile } from "./open-file.ts";
import { type Beside, serveBeside } from "./serve-beside.ts";
import { TaskCreator } from "./task-creator.ts";
import { parseTaskFile, taskFileBytes } from "./task-file.ts";
import { followTasks } from "./task-following.ts";
import { relativeLinks, withServedLinks } from "./task-links.ts";
import { type PlannedTask, planTasks } from "./task-plan.ts";
import { Unclaimed, workerAdvice } from "./unclaimed.ts";

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
    if (!waits) return exitStatus.completed;
    const serves = tasks.some((task) => relativeLinks(task).length > 0);
    return await followTasks(planned, creator, new Unclaimed(workerAdvice(isLocal(rootUrl)), serves), context);
  } finally {
    await beside?.close();
  }
}
