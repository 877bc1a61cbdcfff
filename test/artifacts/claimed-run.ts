/** A run that was really claimed from the embedded queue, with everything that plugins get. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import slugid from "slugid";
import taskcluster from "taskcluster-client";
import { type AgentConfig, defaultConfig } from "../../agent/config.ts";
import { type ArtifactRecord, type LocalQueue, startLocalQueue } from "../../agent/local/queue.ts";
import type { Cause } from "../../agent/outcome.ts";
import { emptyPayload, type TaskPayload } from "../../agent/payload/payload.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import type { TaskContext } from "../../agent/task-context.ts";
import { TaskLog } from "../../agent/task-log.ts";
import { patient } from "../queue/run-terms.ts";
import { type FolderResults, folderResults } from "./folder-results.ts";

export interface ClaimedRun {
  readonly task: TaskContext;
  readonly local: LocalQueue;
  /** Where the task left its files. */
  readonly home: string;
  readonly results: FolderResults;
  /** Aborts the context's signal. */
  readonly stop: AbortController;
  /** What plugins aborted the run for. */
  readonly causes: Cause[];
  /** Cancels the task as its owner would. */
  cancel(): Promise<void>;
  artifact(name: string): ArtifactRecord | undefined;
  /** What was stored for an s3 artifact, as it went over the wire. */
  stored(name: string): Promise<Buffer>;
  /** The log so far, closed by this. */
  logText(): Promise<string>;
}

/** Fewer tries than in earnest, so that a test of giving up is short. */
export const fewRetries = { tries: 3, withinMs: 10_000 };

export async function claimedRun(
  t: TestContext,
  payload: Partial<TaskPayload> = {},
  settings: Partial<AgentConfig> = {},
): Promise<ClaimedRun> {
  const root = await mkdtemp(join(tmpdir(), "claimed-run-"));
  const [blobDir, home, scratch] = [join(root, "blobs"), join(root, "home"), join(root, "scratch")];
  for (const folder of [blobDir, home, scratch]) await mkdir(folder);
  const local = await startLocalQueue({ blobDir });
  const log = await TaskLog.open(join(scratch, "live_backing.log"));
  t.after(async () => {
    await log.close();
    await local.close();
    await rm(root, { recursive: true });
  });
  const worker = { provisionerId: "test", workerType: "mac", workerGroup: "group", workerId: "worker" };
  const credentials = local.workerCredentials("test/mac", worker.workerGroup, worker.workerId);
  const config = { ...defaultConfig, ...worker, ...credentials, rootURL: local.rootUrl, ...settings };
  const owner = new taskcluster.Queue({
    ...{ rootUrl: local.rootUrl, credentials: local.rootCredentials, retries: 0, timeout: 30_000 },
  });
  const taskId = slugid.v4();
  await owner.createTask(taskId, definition());
  const client = new QueueClient(config);
  const [claim] = await client.claimWork(1, () => {});
  if (!claim) throw new Error("the embedded queue gave no task");
  const stop = new AbortController();
  const causes: Cause[] = [];
  const task: TaskContext = {
    taskId: claim.taskId,
    runId: claim.runId,
    task: claim.task,
    payload: { ...emptyPayload("generic-worker"), ...payload },
    ...{ config, log, scratch, signal: stop.signal },
    queue: client.forRun(claim, patient),
    abort: (cause) => void causes.push(cause),
  };
  const artifact = (name: string) => local.artifacts(taskId).find((each) => each.name === name);
  return {
    ...{ task, local, home, stop, causes, artifact },
    results: folderResults(home),
    cancel: async () => void (await owner.cancelTask(taskId)),
    stored: async (name) => {
      const blob = artifact(name)?.blob;
      if (!blob) throw new Error(`nothing is stored for ${name}`);
      return readFile(blob.path);
    },
    logText: async () => {
      await log.close();
      return readFile(log.path, "utf8");
    },
  };
}

function definition(): object {
  const hours = (n: number) => new Date(Date.now() + n * 3_600_000).toISOString();
  return {
    ...{ provisionerId: "test", workerType: "mac", created: hours(0), deadline: hours(1), expires: hours(24) },
    payload: {},
    metadata: { name: "a", description: "b", owner: "nobody@example.com", source: "https://example.com" },
  };
}
