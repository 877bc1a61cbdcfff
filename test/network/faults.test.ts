/** Faults of the network, each between a real worker and a real queue: nothing is lost, and the log says what it was. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AgentConfig } from "../../agent/config.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import {
  assertAllThere,
  away,
  busy,
  content,
  idle400,
  noJson,
  payload,
  portal,
  quick,
  quickRetries,
  quiet,
  said,
  sh,
} from "./bad-network.ts";
import { behind } from "./behind.ts";
import { chanceOf, type Fault } from "./faulty-proxy.ts";

/** Every call that may be repeated, under each fault. */
const repeatable = ["createArtifact", "put", "reportCompleted"];
const faults: Readonly<Record<string, Fault>> = {
  "500": busy(500),
  "502": busy(502),
  "503": busy(503),
  "429 with Retry-After": busy(429, { "retry-after": "1" }),
  "a reset": { kind: "reset" },
  "a lost answer": { kind: "lose-answer" },
  "a truncated answer": { kind: "truncate" },
  "a slow answer": { kind: "slow", ms: 200 },
  "a page of a captive portal": portal,
  "an answer that is no JSON": noJson,
  "a redirect to a login page": away,
};
/** The storage's answer is its status alone: what follows changes nothing. */
const notForPut: ReadonlySet<string> = new Set([
  "a page of a captive portal",
  "an answer that is no JSON",
  "a redirect to a login page",
]);

describe("a task is completed, with all its artifacts, although the network gives", { concurrency: 4 }, () => {
  for (const [name, fault] of Object.entries(faults)) {
    it(`${name}, twice for each call`, async (t) => {
      const { fixture, proxy } = await behind(t);
      const hit = repeatable.filter((call) => call !== "put" || !notForPut.has(name));
      proxy.rules = hit.map((call) => ({ call, fault, times: 2 }));
      const taskId = await fixture.createTask(payload);
      await fixture.run();
      await assertAllThere(fixture, proxy, taskId);
      // A slow answer is an answer, so nothing is asked a second time.
      const left = name === "a slow answer" ? 1 : 0;
      for (const { times } of proxy.rules) assert.ok(times <= left);
    });
  }

  for (const [name, fault] of Object.entries(faults)) {
    it(`${name}, for each call of the object service`, async (t) => {
      const { fixture, proxy } = await behind(t, { createObjectArtifacts: true });
      // An object that is reserved, but whose reservation nobody heard of, cannot be had again.
      const calls = ["createUpload", "put", "finishUpload", "finishArtifact"];
      const hit = calls.filter((call) => call !== "put" || !notForPut.has(name));
      proxy.rules = hit.map((call) => ({ call, fault, times: 1 }));
      const large = {
        ...payload,
        command: [sh("yes 'the content of an artifact' | head -n 400 > out.txt; echo said")],
      };
      const taskId = await fixture.createTask(large);
      await fixture.run();
      await assertAllThere(fixture, proxy, taskId, content.repeat(2));
      for (const { times } of proxy.rules) assert.equal(times, 0);
    });
  }

  it("an upload that is cut half-way, and S3's 400 for an idle connection", async (t) => {
    const { fixture, proxy } = await behind(t);
    proxy.rules = [
      { call: "put", fault: { kind: "cut-upload" }, times: 2 },
      { call: "put", fault: idle400, times: 2 },
    ];
    const taskId = await fixture.createTask(payload);
    await fixture.run();
    await assertAllThere(fixture, proxy, taskId);
  });
});

describe("a task in a bad network", { concurrency: 4 }, () => {
  it("is completed although calls and uploads end in black holes", async (t) => {
    const client = (config: AgentConfig) => new QueueClient(config, undefined, quick);
    const { fixture, proxy } = await behind(t, {}, { client, plugins: { retries: quickRetries } });
    proxy.rules = repeatable.map((call) => ({ call, fault: quiet, times: 1 }));
    const taskId = await fixture.createTask(payload);
    await fixture.run();
    await assertAllThere(fixture, proxy, taskId);
    assert.deepEqual(
      proxy.rules.map(({ times }) => times),
      [0, 0, 0],
    );
  });

  for (const minutes of [-10, 10]) {
    it(`keeps its claim, and is told why, with a clock that is off by ${minutes} minutes`, async (t) => {
      const aheadMs = -minutes * 60_000;
      const queue = { claimTimeoutMs: 2_500, now: () => Date.now() + aheadMs };
      const { fixture, proxy } = await behind(t, {}, { queue });
      proxy.dateAheadMs = aheadMs;
      const taskId = await fixture.createTask({ ...payload, command: [sh("sleep 3"), ...payload.command] });
      await fixture.run();
      await assertAllThere(fixture, proxy, taskId);
      const renewals = proxy.named("reclaimTask").length;
      assert.ok(renewals >= 1 && renewals <= 4, `${renewals} renewals`);
      const side = minutes > 0 ? "ahead of" : "behind";
      const told = said(fixture).filter((line) => line.includes("The clock of this machine"));
      assert.equal(told.length, 1);
      assert.match(told[0] ?? "", new RegExp(`(599|60\\d) s ${side} the queue's`));
    });
  }

  it("keeps its claim while its renewals fail, for as long as the claim lasts", async (t) => {
    const { fixture, proxy } = await behind(t, {}, { queue: { claimTimeoutMs: 4_000 } });
    proxy.rules = [{ call: "reclaimTask", fault: busy(503), times: 2 }];
    const taskId = await fixture.createTask({ ...payload, command: [sh("sleep 5"), ...payload.command] });
    await fixture.run();
    await assertAllThere(fixture, proxy, taskId);
    assert.ok(said(fixture).some((line) => line === "The claim could not be renewed yet: The service answered 503."));
  });

  it("ends when the queue gives its run to somebody else, without a report", async (t) => {
    for (const status of [404, 409]) {
      const { fixture, proxy } = await behind(t, {}, { queue: { claimTimeoutMs: 2_500 } });
      const fault: Fault = { kind: "answer", status, headers: { "content-type": "application/json" }, body: "{}" };
      proxy.rules = [{ call: "reclaimTask", fault, times: 1 }];
      const taskId = await fixture.createTask({ ...payload, command: [sh("exec sleep 600")] });
      void fixture.run();
      const { reason, reported } = await fixture.event("resolved", taskId);
      assert.deepEqual({ reason, reported }, { reason: "claim-lost", reported: false });
      assert.ok(!proxy.exchanges.some(({ call }) => call.startsWith("report")));
    }
  });

  for (const [what, fault] of Object.entries({
    "asks for a long wait": busy(503, { "retry-after": "60" }),
    "gives no answer": quiet,
  })) {
    for (const [when, report, command] of [
      ["while it reports", "reportCompleted", "true"],
      ["while its task runs", "reportException", "exec sleep 600"],
    ] as const) {
      it(`does not keep a worker that is to end at once ${when} to a queue that ${what}`, {
        timeout: 60_000,
      }, async (t) => {
        const client = (config: AgentConfig) => new QueueClient(config, undefined, quick);
        const { fixture, proxy } = await behind(t, {}, { client, queue: { claimTimeoutMs: 1_200_000 } });
        proxy.rules = [{ call: report, fault, times: 1_000 }];
        const taskId = await fixture.createTask({ command: [sh(command)], maxRunTime: 900 });
        const running = fixture.run();
        const unheard = (): true | undefined => fixture.worker.status.running.some((run) => run.unheard) || undefined;
        await fixture.event("started", taskId);
        if (report === "reportCompleted") await fixture.until("a report that is not heard", unheard);
        fixture.worker.stopNow();
        await running;
        const { reason, reported } = await fixture.event("resolved", taskId);
        assert.deepEqual({ reason, reported }, { reason: "worker-shutdown", reported: false });
        const told = said(fixture).filter((line) => line.includes("could not be told"));
        assert.match(told.at(-1) ?? "", /^The queue could not be told that the task is /);
        if (report === "reportCompleted") assert.match(told[0] ?? "", /^The queue could not be told yet how this run /);
      });
    }
  }

  const seed = Number(process.env["SEED"] ?? 20_261_126);
  it(`is completed whatever chance brings (SEED=${seed})`, async (t) => {
    const client = (config: AgentConfig) => new QueueClient(config, undefined, quick);
    const { fixture, proxy } = await behind(
      t,
      { numberOfTasksToRun: 3 },
      { client, plugins: { retries: quickRetries } },
    );
    const chance = chanceOf(seed, 0.4, [busy(500), busy(503), quiet, portal, noJson, { kind: "reset" }]);
    // A claim whose answer is lost is a run of its own; S3 says no such things as a portal.
    proxy.chance = (call, n) => (repeatable.includes(call) && call !== "put" ? chance(call, n) : null);
    const tasks = await Promise.all(Array.from({ length: 3 }, () => fixture.createTask(payload)));
    await fixture.run();
    for (const taskId of tasks) await assertAllThere(fixture, proxy, taskId);
  });
});
