import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultConfig } from "../../agent/config.ts";
import { EngineError } from "../../agent/engine/engine.ts";
import { createLogger } from "../../agent/logger.ts";
import { ClaimKeeper } from "../../agent/queue/claim-keeper.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import { QueueError, type TaskQueue } from "../../agent/queue/task-queue.ts";
import type { Claim } from "../../agent/queue/types.ts";
import { Worker } from "../../agent/worker.ts";
import { Fixture } from "../worker/fixture.ts";
import { PlainEngine } from "../worker/plain-engine.ts";

const trueTask = { command: [["true"]], maxRunTime: 60 };

/** Breaks the certificate of the first claim it is given. */
class OneBadCertificate extends QueueClient {
  #broken = false;

  override async claimWork(tasks: number, refused: (error: Error) => void): Promise<Claim[]> {
    const claims = await super.claimWork(tasks, refused);
    const [first, ...others] = claims;
    if (!first || this.#broken) return claims;
    this.#broken = true;
    return [{ ...first, credentials: { ...first.credentials, certificate: "no JSON" } }, ...others];
  }
}

function keep(t: TestContext, queue: Partial<TaskQueue>) {
  let lost = 0;
  const base: TaskQueue = {
    rootUrl: "http://localhost",
    takenUntil: new Date(),
    reclaim: async () => {},
    isStillOurs: async () => true,
    resolvedReason: async () => null,
    reportCompleted: async () => {},
    reportFailed: async () => {},
    reportException: async () => {},
    createArtifact: async () => ({}),
  };
  const count = () => {
    lost += 1;
  };
  const options = { reclaimOffset: 180, cancelCheckSecs: 600, lost: count, failed: () => {} };
  const keeper = new ClaimKeeper({ queue: Object.assign(base, queue), ...options });
  t.after(() => keeper.stop());
  return { lost: () => lost };
}

describe("claims", { concurrency: true }, () => {
  it("are all processed when one of them has credentials that cannot be used", { timeout: 60_000 }, async (t) => {
    const fixture = await Fixture.start(t, { config: { capacity: 2 } });
    const [a, b] = [await fixture.createTask(trueTask), await fixture.createTask(trueTask)];
    const scratchRoot = await mkdtemp(join(tmpdir(), "review-claims-"));
    const pool = { provisionerId: "test", workerType: "mac", workerGroup: "group", workerId: "worker" };
    const credentials = fixture.queue.workerCredentials("test/mac", "group", "worker");
    const rootURL = fixture.queue.rootUrl;
    const config = { ...defaultConfig, ...pool, ...credentials, rootURL, capacity: 2, requiredDiskSpaceMegabytes: 0 };
    const worker = new Worker({
      client: new OneBadCertificate(config),
      ...{ config, engine: new PlainEngine(), plugins: [], scratchRoot, events: () => {} },
      logger: createLogger({ level: "silent" }),
    });
    const ended = worker.run();
    t.after(async () => {
      worker.stopNow();
      await ended;
      await rm(scratchRoot, { recursive: true });
    });
    const over = ({ state }: { state: string }) => state === "completed";
    const outcomes = await Promise.allSettled([a, b].map((id) => fixture.queue.waitFor(id, over, 5_000)));
    assert(
      outcomes.some(({ status }) => status === "fulfilled"),
      "the claim beside the unusable one was dropped",
    );
  });
  it("are not made one after the other while no task user can be made", { timeout: 60_000 }, async (t) => {
    const fixture = await Fixture.start(t);
    fixture.engine.newSandboxBuilder = async () => {
      throw new EngineError("helper-refused", "The audit log cannot be written.");
    };
    const ids: string[] = [];
    for (let n = 0; n < 8; n += 1) ids.push(await fixture.createTask(trueTask));
    void fixture.run();
    await fixture.event("resolved", ids[0] ?? "");
    await sleep(4_000);
    const burnt = fixture.events.filter(({ event }) => event === "resolved").length;
    assert(burnt <= 3, `${burnt} tasks were ended as internal-error within 4 s by a worker that can run none`);
  });
  it("are lost by 404 and 409 only, whatever the clock says", { timeout: 10_000 }, async (t) => {
    let asked = 0;
    const later = Promise.withResolvers<void>();
    const { lost } = keep(t, {
      // A clock that jumped ahead by more than the claim.
      takenUntil: new Date(Date.now() - 1_000),
      reclaim: async () => {
        asked += 1;
        if (asked === 2) later.resolve();
        throw new QueueError(503, "Unavailable", "try again");
      },
    });
    await Promise.race([later.promise, sleep(3_000)]);
    assert.equal(lost(), 0, "one 503 ended the claim");
  });
  it("with an end in the far future are not renewed without a pause", { timeout: 10_000 }, async (t) => {
    let asked = 0;
    const reclaim = async () => {
      asked += 1;
    };
    keep(t, { takenUntil: new Date("9999-12-31"), reclaim });
    await sleep(500);
    assert.equal(asked, 0);
  });
});
