import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startWorker } from "../../agent/cli/start-worker.ts";
import { defaultConfig } from "../../agent/config.ts";
import { startLocalQueue } from "../../agent/local/queue.ts";
import { createLogger } from "../../agent/logger.ts";
import { helloResult, listenScripted } from "../engine/scripted-helper.ts";
import { needsRoot } from "../root.ts";

describe("bad luck", () => {
  it("with the downloaded file fails the task, not the whole agent", () => {
    const place = fileURLToPath(new URL("../../agent/engine/place-file.ts", import.meta.url));
    const lines = `
      const { placeFile } = await import(${JSON.stringify(place)});
      const { createReadStream } = await import("node:fs");
      const wait = () => new Promise((resolve) => setTimeout(resolve, 200));
      const account = { user: { home: "/", name: "n", uid: 1 }, lost: new AbortController().signal,
        startWithInput: async () => { await wait(); throw new Error("as slow as a spawn is"); }, killProcess: async () => {} };
      // What createReadStream meets when the agent is out of descriptors, or the disk cannot be read.
      await placeFile(account, { name: "a", mode: 0o755, body: createReadStream("/nowhere/at/all") }).catch(() => {});
    `;
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", lines], { timeout: 20_000 });
    assert.equal(child.status, 0, "an error event without a listener ended the process");
  });
  it("with a helper that dies right after hello ends the worker", { skip: needsRoot, timeout: 30_000 }, async (t) => {
    const run = await mkdtemp("/run/review-");
    const state = await mkdtemp(join(tmpdir(), "review-state-"));
    await mkdir(join(state, "blobs"));
    const queue = await startLocalQueue({ blobDir: join(state, "blobs"), longPollMs: 200 });
    t.after(async () => {
      await queue.close();
      await rm(run, { recursive: true });
      await rm(state, { recursive: true });
    });
    const socket = join(run, "s");
    await listenScripted(t, socket, {
      hello: (asked) => {
        asked.answer(helloResult);
        setImmediate(() => asked.socket.destroy());
      },
    });
    const pool = { provisionerId: "test", workerType: "mac", workerGroup: "group", workerId: "worker" };
    const credentials = queue.workerCredentials("test/mac", "group", "worker");
    const settings = { rootURL: queue.rootUrl, requiredDiskSpaceMegabytes: 0, pollingInterval: 0.1 };
    const { worker, lost, finish } = await startWorker({
      config: { ...defaultConfig, ...pool, ...credentials, ...settings },
      ...{ socket, state, helperMs: 5_000, events: () => {} },
      logger: createLogger({ level: "silent" }),
    });
    const finished = finish();
    const ended = await Promise.race([finished.then(() => true), sleep(5_000, false)]);
    worker.stopNow();
    await finished;
    assert(lost.aborted);
    assert(ended, "the worker went on claiming tasks without a helper");
  });
});
