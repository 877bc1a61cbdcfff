/** Faults of the network, each between a real worker and a real queue: nothing is lost, and the log says what it was. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it, type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import type { AgentConfig } from "../../agent/config.ts";
import { Fixture, type FixtureOptions } from "../worker/fixture.ts";
import { type Fault, FaultyProxy } from "./faulty-proxy.ts";

const sh = (script: string) => ["/bin/sh", "-c", script];
const content = "the content of an artifact\n".repeat(200);
const payload = {
  command: [sh(`yes 'the content of an artifact' | head -n 200 > out.txt; echo said`)],
  maxRunTime: 60,
  artifacts: [{ type: "file", path: "out.txt", name: "public/out.txt" }],
};

/** A worker behind a proxy, for one task. */
async function behind(t: TestContext, options: Partial<AgentConfig> = {}, more: FixtureOptions = {}) {
  const started = Promise.withResolvers<FaultyProxy>();
  const fixture = await Fixture.start(t, {
    ...more,
    // However long a claim lasts, so long is a report tried.
    queue: { claimTimeoutMs: 20_000, ...more.queue },
    config: { numberOfTasksToRun: 1, cancelCheckSecs: 1, ...options },
    through: async ({ rootUrl }) => {
      const proxy = await FaultyProxy.start(rootUrl);
      started.resolve(proxy);
      return proxy.rootUrl;
    },
  });
  const proxy = await started.promise;
  t.after(() => proxy.refuse());
  return { fixture, proxy };
}

/** The task, its log and its artifact are as if nothing had happened, and no secret was written down. */
async function assertAllThere(fixture: Fixture, proxy: FaultyProxy, taskId: string): Promise<void> {
  const { state, runs } = await fixture.resolved(taskId);
  assert.deepEqual({ state, runs: runs.length }, { state: "completed", runs: 1 });
  const log = await fixture.log(taskId);
  assert.match(log, /\nsaid\n/);
  const artifact = fixture.queue.artifacts(taskId).find(({ name }) => name === "public/out.txt");
  assert.ok(artifact?.blob);
  const stored = await readFile(artifact.blob.path);
  const plain = artifact.blob.contentEncoding === "gzip" ? gunzipSync(stored) : stored;
  assert.equal(plain.toString(), content);
  const written = fixture.logLines.join("") + log;
  const secrets = proxy.named("put").map(({ path }) => path);
  for (const secret of [...secrets, fixture.config.accessToken]) assert.ok(!written.includes(secret));
}

const busy = (status: number, headers = {}): Fault => ({ kind: "answer", status, headers, body: "<h1>Busy</h1>" });
const portal: Fault = { kind: "answer", status: 200, headers: { "content-type": "text/html" }, body: "<p>Log in</p>" };
const noJson: Fault = { kind: "answer", status: 200, headers: { "content-type": "application/json" }, body: "<p>" };
const away: Fault = { kind: "answer", status: 302, headers: { location: "http://login.example/" } };
const idle400: Fault = {
  kind: "answer",
  status: 400,
  headers: { "content-type": "application/xml" },
  body: "<Error><Code>RequestTimeout</Code><Message>Your socket connection was idle.</Message></Error>",
};

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
