/** `run-task`: the tasks of one file on this machine, with a queue and a helper of their own. */
import { constants } from "node:fs";
import { access, mkdir, rm } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { type AgentConfig, defaultConfig } from "../config.ts";
import { hostFacts } from "../host.ts";
import { type LocalQueue, startLocalQueue } from "../local/queue.ts";
import { createLogger } from "../logger.ts";
import { makeScratch } from "../scratch.ts";
import { TaskCount } from "../task-count.ts";
import { errorCode } from "../thrown.ts";
import { ArtifactFolder } from "./artifact-folder.ts";
import type { Context } from "./command.ts";
import { CommandError, type ExitStatus, exitStatus, worst } from "./exit-status.ts";
import { fillIn, queueOf } from "./fill-in.ts";
import { whenAborted } from "./interrupts.ts";
import { localPool, ownerOf, workerGroup, workerIdOf } from "./local-names.ts";
import { readArgumentFile } from "./open-file.ts";
import { places } from "./places.ts";
import { rootNeeded } from "./root-needed.ts";
import { finalArtifacts } from "./run-artifacts.ts";
import { RunReport } from "./run-report.ts";
import { RunSession } from "./run-session.ts";
import { type Beside, serveBeside } from "./serve-beside.ts";
import { startWorker } from "./start-worker.ts";
import { TaskCreator } from "./task-creator.ts";
import { parseTaskFile, taskFileBytes } from "./task-file.ts";
import { withServedLinks } from "./task-links.ts";
import { type PlannedTask, planTasks } from "./task-plan.ts";

/** A slice of uids has room for 24 task users, one of which is made ahead. */
const mostAtOnce = 23;
const longPollMs = 2_000;
/** The starter starts us when the helper listens. */
const helperMs = 5_000;

interface TasksOfFile {
  readonly tasks: readonly PlannedTask[];
  readonly pool: string;
  /** The file's folder as it was typed. It is the working directory, too. */
  readonly folder: string;
}

/** Every task goes to the queue that the first one names, and runs once: there is nobody here to retry it. */
async function readTasks({ arguments: { operands }, launch, env, say }: Context): Promise<TasksOfFile> {
  const [path = ""] = operands;
  const documents = parseTaskFile(await readArgumentFile(launch, path, taskFileBytes), path);
  const named = documents.map(({ definition }) => queueOf(definition)).find((queue) => queue !== null);
  const taskQueueId = named ?? localPool;
  const filled = documents.map((document) => {
    const { definition, notices } = fillIn(document, { file: path, now: new Date(), taskQueueId, owner: ownerOf(env) });
    for (const notice of notices) say.step(notice);
    const [provisionerId, workerType] = taskQueueId.split("/");
    const { taskQueueId: _, ...rest } = definition;
    return { ...document, definition: { ...rest, provisionerId, workerType, retries: 0 } };
  });
  return { tasks: planTasks(filled, path, false), pool: taskQueueId, folder: dirname(path) };
}

async function folderFor(root: string | null, n: number, several: boolean): Promise<ArtifactFolder | null> {
  if (root === null) return null;
  const folder = several ? join(root, String(n)) : root;
  if (several) await mkdir(folder, { mode: 0o755 });
  return new ArtifactFolder(folder);
}

async function reportFor(task: PlannedTask, context: Context, several: boolean, queue: LocalQueue) {
  const { arguments: parsed, say, launch } = context;
  const report = new RunReport({
    n: task.n,
    taskId: task.taskId,
    json: parsed.flags.has("json"),
    several,
    say,
    folder: await folderFor(launch.artifacts, task.n, several),
    artifacts: () => finalArtifacts(queue.artifacts(task.taskId)),
  });
  return { task, report };
}

function settings(queue: LocalQueue, pool: string, tasks: number, instance: string): AgentConfig {
  const [provisionerId = "", workerType = ""] = pool.split("/");
  const workerId = workerIdOf(hostname());
  const { clientId, accessToken } = queue.workerCredentials(pool, workerGroup, workerId);
  return {
    ...defaultConfig,
    interactivePort: 0,
    ...{ rootURL: queue.rootUrl, clientId, accessToken, provisionerId, workerType, workerGroup, workerId, instance },
    capacity: Math.min(tasks, mostAtOnce),
    numberOfTasksToRun: tasks,
    requiredDiskSpaceMegabytes: 0,
    pollingInterval: 0,
    cancelCheckSecs: 1,
  };
}

async function runAll(context: Context, file: TasksOfFile, state: string): Promise<ExitStatus> {
  const { tasks, pool, folder } = file;
  const { launch, interrupts, say } = context;
  const { socket, instance } = launch.helper ?? { socket: "", instance: "" };
  const blobDir = await makeScratch(state, "artifacts");
  const queue = await startLocalQueue({ blobDir, longPollMs });
  let beside: Beside | null = null;
  try {
    beside = await serveBeside(".", folder);
    const planned = await withServedLinks(tasks, beside);
    const reports = await Promise.all(planned.map((task) => reportFor(task, context, planned.length > 1, queue)));
    const session = new RunSession(reports, queue, new TaskCreator(queue.rootUrl, queue.rootCredentials));
    await session.create();
    const logger = createLogger({ level: "error" });
    const { worker, lost, unsafe, finish } = await startWorker({
      config: { ...settings(queue, pool, planned.length, instance), workerTypeMetadata: await hostFacts() },
      socket,
      state,
      logger,
      count: new TaskCount(null, logger),
      helperMs,
      events: (event) => session.take(event),
      changed: (status) => session.workerChanged(status),
    });
    const cancel = (which: "all" | "unclaimed", why: string) => () => {
      say.step(why);
      session.cancel(which).catch(() => worker.stopNow());
    };
    whenAborted(interrupts.stop, cancel("all", "interrupted: the tasks are cancelled, their users deleted"));
    whenAborted(interrupts.drain, cancel("unclaimed", "ending when the tasks under way are done"));
    void session.allEnded.then(() => worker.stopGracefully());
    await finish();
    const statuses = await session.finish();
    if (lost.aborted || unsafe.aborted) statuses.push(exitStatus.internal);
    if (interrupts.stop.aborted) statuses.push(exitStatus.interrupted);
    return worst(statuses);
  } finally {
    await beside?.close();
    await queue.close();
    await rm(blobDir, { recursive: true, force: true });
  }
}

/** Before any task runs: afterwards its artifacts would be lost. The folder is ours, but not those above it. */
async function checkReachable(folder: string): Promise<void> {
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    const why = `the agent's account cannot reach it (${errorCode(error)})`;
    throw new CommandError(exitStatus.usage, `${folder}: ${why}: name one in a folder that others may enter, as /tmp`);
  });
}

/** Answers the worst of the tasks' statuses, when every task user is gone. */
export async function runTask(context: Context): Promise<ExitStatus> {
  const { argv, launch } = context;
  if (!launch.helper) {
    const why = "run-task creates user accounts, which only root can do";
    throw rootNeeded(why, argv, process.cwd());
  }
  if (context.arguments.values.has("artifacts") && launch.artifacts === null) {
    throw new CommandError(exitStatus.internal, "the starter made no folder for the artifacts");
  }
  if (launch.artifacts !== null) await checkReachable(launch.artifacts);
  const file = await readTasks(context);
  const state = launch.state ?? places(process.platform, launch.helper.instance, homedir()).agentState;
  await mkdir(state, { recursive: true, mode: 0o700 });
  return runAll(context, file, state);
}
