/** An embedded worker-manager with one worker, and that worker's client. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { defaultConfig } from "../../agent/config.ts";
import { type LocalQueueOptions, startLocalQueue } from "../../agent/local/queue.ts";
import { ManagerClient } from "../../agent/manager/manager-client.ts";

export const names = { provisionerId: "test", workerType: "mac", workerGroup: "office", workerId: "mac-1" };
export const worker = { workerPoolId: "test/mac", workerGroup: "office", workerId: "mac-1" };

export async function startManager(t: TestContext, options: Partial<LocalQueueOptions> = {}) {
  const blobDir = await mkdtemp(join(tmpdir(), "manager-"));
  const queue = await startLocalQueue({ blobDir, longPollMs: 50, ...options });
  t.after(async () => {
    await queue.close();
    await rm(blobDir, { recursive: true });
  });
  const staticSecret = queue.addStaticWorker({ ...worker, providerId: "static" });
  const config = { ...defaultConfig, ...names, rootURL: queue.rootUrl, providerId: "static", staticSecret };
  return { queue, config, client: new ManagerClient(config) };
}
