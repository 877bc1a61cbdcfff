/**
 * A machine that sleeps, or loses its power, while its worker is at work. The agent is stopped for longer than its claim
 * lasts, which is what the queue sees of a sleep; how a clock goes on meanwhile is tested with the keeper of claims.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import slugid from "slugid";
import taskcluster from "taskcluster-client";
import { defaultConfig } from "../../agent/config.ts";
import { startLocalQueue, type TaskStatus } from "../../agent/local/queue.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import { eventually } from "../helper/wait.ts";
import { FaultyProxy } from "../network/faulty-proxy.ts";
import { patient } from "../queue/run-terms.ts";
import { needsRoot } from "../root.ts";
import { Launched } from "./launched.ts";
import { eventuallyGone, type User } from "./machine-clean.ts";
import { bash, openDirectory } from "./run-task.ts";
import { startAgain } from "./start-again.ts";

const pool = { provisionerId: "sleep", workerType: "mac", workerGroup: "sleep" } as const;
const settings = { ...pool, workerId: "one", requiredDiskSpaceMegabytes: 0, pollingInterval: 0.1, cancelCheckSecs: 1 };
const longestMs = 60_000;

const reasons = ({ runs }: TaskStatus) => runs.map(({ reasonResolved, state }) => reasonResolved ?? state);

/** A worker with one place, and everything that it says to a queue whose claims are short. */
async function begin(t: TestContext, claimTimeoutMs: number) {
  const blobDir = mkdtempSync(join(tmpdir(), "sleep-"));
  const queue = await startLocalQueue({ blobDir, claimTimeoutMs, longPollMs: 2_000 });
  const proxy = await FaultyProxy.start(queue.rootUrl);
  const { clientId, accessToken } = queue.workerCredentials("sleep/mac", pool.workerGroup, "one");
  const config = join(openDirectory(), "worker.yml");
  writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
  const env = {
    TASKCLUSTER_ROOT_URL: proxy.rootUrl,
    TASKCLUSTER_CLIENT_ID: clientId,
    TASKCLUSTER_ACCESS_TOKEN: accessToken,
  };
  const worker = new Launched(["work", "macosx", "--with-helper", "--config", config], { env });
  const signalAgent = (signal: NodeJS.Signals) => {
    const { agent } = worker.processes();
    if (agent > 1) process.kill(agent, signal);
  };
  t.after(async () => {
    signalAgent("SIGCONT");
    worker.signal("SIGINT");
    await worker.status();
    await proxy.refuse();
    await queue.close();
    rmSync(blobDir, { recursive: true });
  });
  const users = (): User[] =>
    worker.stderr.filter((line) => line.includes('"task user created"')).map((line): User => JSON.parse(line));
  const heard = (call: string, times = 1) =>
    new Promise<void>((resolve) => {
      proxy.heard = () => {
        if (proxy.named(call).length >= times) resolve();
      };
    });
  /** Reports that the queue took. */
  const reported = () =>
    proxy.exchanges.flatMap(({ call, path, answer }) =>
      call.startsWith("report") && answer?.status === 200 ? [`${call} ${/runs\/(\d+)/.exec(path)?.[1]}`] : [],
    );
  return { queue, proxy, worker, signalAgent, users, heard, reported };
}

type Story = Awaited<ReturnType<typeof begin>>;

async function create({ queue: { rootUrl, rootCredentials } }: Story, payload: object): Promise<string> {
  const taskId = slugid.nice();
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const client = new taskcluster.Queue({
    rootUrl,
    credentials: { ...rootCredentials },
    retries: 0,
    timeout: longestMs,
  });
  const { provisionerId, workerType } = pool;
  const metadata = { name: "n", description: "d", owner: "o@example.com", source: "https://example.com" };
  const dates = { created: at(0), deadline: at(3600), expires: at(7200) };
  await client.createTask(taskId, { provisionerId, workerType, ...dates, metadata, payload });
  return taskId;
}

const until = ({ queue }: Story, taskId: string, ...wanted: string[]): Promise<TaskStatus> =>
  queue.waitFor(taskId, (status) => reasons(status).join() === wanted.join(), longestMs);

describe("a machine that slept", { skip: needsRoot }, () => {
  test("during a poll that brought a task runs it when the queue gives it out again", async (t) => {
    const story = await begin(t, 3_000);
    await story.heard("claimWork", 2);
    story.signalAgent("SIGSTOP");
    const taskId = await create(story, bash("echo begun"));
    await until(story, taskId, "claim-expired", "pending");
    story.signalAgent("SIGCONT");
    await until(story, taskId, "claim-expired", "completed");
    await eventually(() => story.reported().length > 0, "its report is heard");
    assert.deepEqual(story.reported(), ["reportCompleted 1"]);
  });

  test("while another worker took its task over kills its own run, and reports nothing", async (t) => {
    const story = await begin(t, 4_000);
    const taskId = await create(story, bash("echo begun; sleep 1000"));
    await story.worker.said("Claimed a task.");
    const [user] = story.users();
    assert.ok(user);
    story.signalAgent("SIGSTOP");
    await until(story, taskId, "claim-expired", "pending");
    const credentials = story.queue.workerCredentials("sleep/mac", pool.workerGroup, "other");
    const other = new QueueClient({
      ...{ ...defaultConfig, ...pool, ...credentials, workerId: "other", rootURL: story.queue.rootUrl },
    });
    const [claim] = await other.claimWork(1, (error) => assert.fail(error));
    assert.equal(claim?.taskId, taskId);
    story.signalAgent("SIGCONT");
    await eventuallyGone([user]);
    await other.forRun(claim, patient).reportCompleted();
    await until(story, taskId, "claim-expired", "completed");
    assert.deepEqual(story.reported(), []);
  });

  test("for less than its claim renews it when it wakes, and the task is completed", async (t) => {
    const story = await begin(t, 20_000);
    const taskId = await create(story, bash("echo begun; sleep 22; echo done"));
    await story.worker.said("Claimed a task.");
    story.signalAgent("SIGSTOP");
    // Its renewal is due after ten seconds.
    await delay(13_000);
    const asleep = story.proxy.named("reclaimTask").length;
    const renewed = story.heard("reclaimTask");
    story.signalAgent("SIGCONT");
    await renewed;
    await until(story, taskId, "completed");
    assert.equal(asleep, 0);
  });

  test("during an upload leaves no file of the run that it lost as the task's", async (t) => {
    const story = await begin(t, 4_000);
    const size = 30_000_000;
    const taskId = await create(story, {
      ...bash(`head -c ${size} /dev/zero >large.zip`),
      artifacts: [{ type: "file", path: "large.zip", name: "public/large.zip" }],
    });
    let slept = false;
    story.proxy.heard = (call) => {
      if (slept || call !== "createArtifact" || !story.proxy.named(call).some(({ path }) => /large/.test(path))) return;
      slept = true;
      story.signalAgent("SIGSTOP");
    };
    await until(story, taskId, "claim-expired", "pending");
    story.signalAgent("SIGCONT");
    await until(story, taskId, "claim-expired", "completed");
    await eventually(() => story.reported().length > 0, "its report is heard");
    assert.deepEqual(story.reported(), ["reportCompleted 1"]);
    const large = story.queue.artifacts(taskId, 1).find(({ name }) => name === "public/large.zip");
    assert.ok(large?.blob);
    assert.equal(statSync(large.blob.path).size, size);
  });
});

test("a machine that lost its power in mid-task leaves its run to the queue, and nothing on the disk", {
  skip: needsRoot,
}, async (t) => {
  const story = await begin(t, 4_000);
  const taskId = await create(story, bash("echo begun; echo x >/var/tmp/$USER; sleep 1000"));
  await story.worker.said("Claimed a task.");
  const [user] = story.users();
  assert.ok(user);
  const [, instance = ""] = /"instance":"([^"]+)".*The worker starts/.exec(story.worker.stderr.join("\n")) ?? [];
  const { agent, helper } = story.worker.processes();
  for (const pid of [story.worker.pid, helper, agent]) process.kill(pid, "SIGKILL");
  await story.worker.status();
  rmSync(`/run/taskcluster-worker/${instance}`, { recursive: true, force: true });
  await until(story, taskId, "claim-expired", "pending");
  assert.deepEqual(story.reported(), []);
  await startAgain(user.uid);
  await eventuallyGone([user]);
});
