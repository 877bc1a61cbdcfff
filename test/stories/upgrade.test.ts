/** A helper of another version takes the place of the one that a running agent has: both are the real processes. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type LocalQueue, startLocalQueue } from "../../agent/local/queue.ts";
import { stateRoot } from "../../helper/places.ts";
import { startHelper } from "../../helper/slice.ts";
import { PROTOCOL } from "../../shared/protocol/limits.ts";
import { accountsIn } from "../helper/machine.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { within } from "../helper/wait.ts";
import { taskcluster } from "../local/client.ts";
import { definition } from "../local/fixture.ts";
import { needsRoot } from "../root.ts";
import { Launched } from "./launched.ts";
import { openDirectory } from "./run-task.ts";

const names = { provisionerId: "upgrade-test", workerType: "mac", workerGroup: "office", workerId: "mac-1" };
const pool = `${names.provisionerId}/${names.workerType}`;
const files = { version: "helper/helper.ts", protocol: "shared/protocol/limits.ts" };

describe("a helper that is upgraded under a running agent", { skip: needsRoot }, () => {
  const directory = openDirectory();
  const copies: string[] = [];
  let helper: RealHelper;
  let queue: LocalQueue;
  let next: ChildProcess | null = null;
  let agent: Launched | null = null;
  before(async () => {
    mkdirSync(join(directory, "blobs"));
    queue = await startLocalQueue({ blobDir: join(directory, "blobs"), longPollMs: 300 });
    helper = await startRealHelper();
  });
  after(async () => {
    agent?.signal("SIGINT");
    await agent?.status();
    await end(next);
    await helper?.stop();
    await queue?.close();
    for (const copy of copies) rmSync(copy, { recursive: true });
  });

  /** As launchd ends a job. */
  async function end(process: ChildProcess | null): Promise<void> {
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const gone = once(process, "exit");
    process.kill("SIGTERM");
    await within(gone, "the end of a helper");
  }

  /** The project as it would be in another version, root's as every copy is. */
  function otherVersion(what: keyof typeof files, from: string, to: string): string {
    const copy = `${stateRoot}/staged/${what}-${process.pid}`;
    cpSync(helper.code, copy, { recursive: true, verbatimSymlinks: true });
    copies.push(copy);
    const file = join(copy, files[what]);
    const text = readFileSync(file, "utf8");
    assert.ok(text.includes(from), `${file} has ${from}`);
    writeFileSync(file, text.replace(from, to));
    return copy;
  }

  /** Stops the helper that there is, and starts that of `code`. */
  async function upgrade(code: string): Promise<void> {
    await end(next ?? helper.process);
    const started = await startHelper(helper.slice, helper.node, code, { dscl: join(helper.dsclDir, "dscl") });
    assert.ok(typeof started !== "number", `it ended with ${started}`);
    next = started;
  }

  function startAgent(): Launched {
    const { clientId, accessToken } = queue.workerCredentials(pool, names.workerGroup, names.workerId);
    const file = join(directory, "worker.yml");
    const quick = { requiredDiskSpaceMegabytes: 0, pollingInterval: 0.1 };
    const own = { ...names, rootURL: queue.rootUrl, clientId, accessToken, instance: helper.slice.name, ...quick };
    writeFileSync(file, JSON.stringify(own), { mode: 0o600 });
    agent = new Launched(["work", "macosx", "--config", file]);
    return agent;
  }

  async function submit(script: string): Promise<string> {
    const taskId = taskcluster.slugid();
    const root = new taskcluster.Queue({ rootUrl: queue.rootUrl, credentials: queue.rootCredentials, retries: 0 });
    const payload = { command: [["/bin/bash", "-c", script]], maxRunTime: 600 };
    const { provisionerId, workerType } = names;
    await root.createTask(taskId, { ...definition(Date.now(), { payload, retries: 1 }), provisionerId, workerType });
    return taskId;
  }
  const begun = async (id: string) => {
    await queue.waitFor(id, ({ state }) => state === "running");
    await agent?.said("task user created");
  };
  const users = () => accountsIn(helper.slice.firstUid, helper.slice.firstUid + 24);

  test("gives the task under way back, which runs again with the new one; then agent and helper drain", async () => {
    const worker = startAgent();
    const taskId = await submit('if [ "$RUN_ID" = 0 ]; then sleep 1000; fi; echo done');
    await begun(taskId);
    await worker.said('"helperVersion":"0.1.0"');
    await upgrade(otherVersion("version", 'version = "0.1.0"', 'version = "0.2.0"'));
    await worker.said("The helper was lost, and with it every run. Waiting for its successor.");
    await worker.said('"helperVersion":"0.2.0"');
    const over = await queue.waitFor(taskId, ({ state }) => state === "completed", 60_000);
    assert.deepEqual(
      over.runs.map(({ reasonResolved }) => reasonResolved),
      ["worker-shutdown", "completed"],
    );
    const last = await submit("sleep 1; echo last");
    await queue.waitFor(last, ({ state }) => state === "running");
    worker.signal("SIGTERM");
    assert.equal(await worker.status(), 0, worker.stderr.join("\n"));
    assert.equal((await queue.waitFor(last, () => true)).state, "completed");
    await end(next);
    assert.deepEqual(users(), []);
  });

  test("ends the agent with 69 and one sentence when it speaks another protocol, and nothing of the task is left", async () => {
    await helper.restart();
    next = null;
    const worker = startAgent();
    const taskId = await submit("sleep 1000");
    await begun(taskId);
    await upgrade(otherVersion("protocol", `PROTOCOL = ${PROTOCOL}`, `PROTOCOL = ${PROTOCOL + 1}`));
    assert.equal(await worker.status(), 69, worker.stderr.join("\n"));
    assert.match(
      worker.stderr.at(-1) ?? "",
      new RegExp(`the helper cannot be used: .*protocol ${PROTOCOL + 1}.*: install both from one version\\.$`),
    );
    const { runs } = await queue.waitFor(taskId, () => true);
    assert.equal(runs[0]?.reasonResolved, "worker-shutdown");
    await end(next);
    assert.deepEqual(users(), []);
  });
});
