import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { CommandError, exitStatus } from "../../agent/cli/exit-status.ts";
import { Stopping } from "../../agent/cli/stopping.ts";
import { workUntilEnd } from "../../agent/cli/work-until-end.ts";
import type { PluginSettings } from "../../agent/config/plugin-settings.ts";
import { defaultConfig } from "../../agent/config.ts";
import { startLocalQueue } from "../../agent/local/queue.ts";
import { createLogger } from "../../agent/logger.ts";
import { StatusFile } from "../../agent/status/status-file.ts";
import { TaskCount } from "../../agent/task-count.ts";
import type { WorkerStatus } from "../../agent/worker.ts";
import { PROTOCOL } from "../../shared/protocol/limits.ts";
import { type Asked, helloResult, listenScripted } from "../engine/scripted-helper.ts";
import { needsRoot } from "../root.ts";

/** A helper of a version of its own, by what it answers to hello. */
type Hello = (asked: Asked) => void;
const version =
  (helperVersion: string): Hello =>
  ({ answer }) =>
    answer({ ...helloResult, helperVersion });

/**
 * A worker whose helper ends in the moment that the worker claims for the first time, and has this one after it; with null
 * its helper stays.
 */
async function started(t: TestContext, next: Hello | null, plugins: PluginSettings = {}) {
  const run = await mkdtemp("/run/work-until-end-");
  const state = await mkdtemp(join(tmpdir(), "work-until-end-"));
  await mkdir(join(state, "blobs"));
  const queue = await startLocalQueue({ blobDir: join(state, "blobs"), longPollMs: 200 });
  const lines: string[] = [];
  const logger = createLogger({ stream: { write: (line) => void lines.push(line) } });
  const pool = { provisionerId: "test", workerType: "mac", workerGroup: "group", workerId: "worker" };
  const credentials = queue.workerCredentials("test/mac", "group", "worker");
  const settings = { plugins, rootURL: queue.rootUrl, requiredDiskSpaceMegabytes: 0, pollingInterval: 0.1 };
  const config = { ...defaultConfig, ...pool, ...credentials, ...settings };
  const count = new TaskCount(null, logger);
  const status = new StatusFile({
    directory: state,
    config,
    instance: "default",
    count,
    drainSignal: "SIGTERM",
    logger,
  });
  t.after(async () => {
    status.end({ reason: "terminated", exitStatus: 0, machine: "keep" });
    await queue.close();
    await rm(run, { recursive: true });
    await rm(state, { recursive: true });
  });
  const socket = join(run, "s");
  const createUser = ({ refuse }: Asked) => refuse("create-failed");
  const first = await listenScripted(t, socket, { hello: version("0.1.0"), createUser });
  const stopping = new Stopping();
  let hellos = 0;
  const hello: Hello = (asked) => {
    hellos += 1;
    next?.(asked);
  };
  let isUpgraded = false;
  const changed = ({ activity }: WorkerStatus) => {
    if (activity.state !== "idle" || activity.reason.kind !== "no-user" || !next) return;
    if (isUpgraded) return hellos > 0 ? stopping.ask({ end: "terminated", finishTasks: true }) : undefined;
    isUpgraded = true;
    void rm(socket).then(async () => {
      await listenScripted(t, socket, { hello, createUser });
      for (const connection of first) connection.destroy();
    });
  };
  const setup = { config, socket, state, logger, count, events: () => {}, changed };
  const ended = workUntilEnd(setup, stopping, status, () => {});
  return { ended, said: () => lines.map((line) => JSON.parse(line)), hellos: () => hellos };
}

suite("an agent whose helper is upgraded", { skip: needsRoot, timeout: 60_000 }, () => {
  test("says hello to the new one, and claims again", async (t) => {
    const { ended, said, hellos } = await started(t, version("0.2.0"));
    assert.equal(await ended, "terminated");
    const versions = said().flatMap(({ helperVersion }) => helperVersion ?? []);
    assert.deepEqual(versions, ["0.1.0", "0.2.0"]);
    assert.ok(
      said().some(({ msg }) => msg === "The helper was lost, and with it every run. Waiting for its successor."),
    );
    assert.equal(hellos(), 1);
  });

  for (const [what, next, sentence] of [
    [
      "refuses its protocol",
      ({ refuse }) => refuse("protocol-version", "this helper speaks protocol 9"),
      `this helper speaks protocol 9, this agent speaks ${PROTOCOL}: install both from one version.`,
    ],
    [
      "answers with another protocol",
      ({ answer }) => answer({ ...helloResult, protocol: 9 }),
      `The helper speaks protocol 9, this agent speaks ${PROTOCOL}: install both from one version.`,
    ],
  ] as const satisfies readonly (readonly [string, Hello, string])[]) {
    test(`ends with 69 and one sentence when that one ${what}`, async (t) => {
      const { ended, hellos } = await started(t, next);
      await assert.rejects(ended, (error) => {
        assert.ok(error instanceof CommandError);
        assert.equal(error.status, exitStatus.unavailable);
        assert.equal(error.message, `the helper cannot be used: ${sentence}`);
        return true;
      });
      assert.equal(hellos(), 1, "it does not try again");
    });
  }
});

test("a worker that a plugin ends says so", { skip: needsRoot, timeout: 60_000 }, async (t) => {
  const { ended } = await started(t, null, { reboot: { maxLifeCycle: 1 } });
  assert.equal(await ended, "plugin");
});
