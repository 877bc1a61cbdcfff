/**
 * All that is sent for a task, compared with the published references and with a recording in `golden/`, so that a
 * change of it is seen in review. `UPDATE_GOLDEN=1 node test/run.ts test/network/traffic.test.ts` records anew.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentConfig } from "../../agent/config.ts";
import { LiveLogs } from "../../agent/http/live-logs.ts";
import {
  checkArtifact,
  checkClaims,
  checkFinished,
  checkReclaim,
  checkReported,
  checkReservedObject,
  checkRuns,
  checkUpload,
} from "../../agent/queue/check.ts";
import { loadPublished, needsReferences, type PublishedEntry } from "../local/published.ts";
import { behind } from "./behind.ts";
import type { Exchange, FaultyProxy } from "./faulty-proxy.ts";
import { transcript } from "./transcript.ts";

const sh = (script: string) => ["/bin/sh", "-c", script];
const artifacts = [
  { type: "file", path: "small.txt", name: "public/small.txt", contentType: "text/plain" },
  { type: "file", path: "large.bin", name: "public/large.bin", contentEncoding: "identity" },
  { type: "file", path: "missing.txt", name: "public/missing.txt", optional: true },
];
const makeFiles = "echo content > small.txt; head -c 10000 /dev/zero > large.bin";

/** Everything that was exchanged, with the ids that it names. */
async function trafficOf(
  t: TestContext,
  payload: Record<string, unknown>,
  settings: Partial<AgentConfig> = {},
  during: (proxy: FaultyProxy, cancel: () => Promise<void>) => Promise<void> = async () => {},
  claimTimeoutMs = 20_000,
) {
  const liveLogs = new LiveLogs(() => "http://192.0.2.1:60099");
  const { fixture, proxy } = await behind(
    t,
    { cancelCheckSecs: 600, ...settings },
    {
      plugins: { liveLogs },
      queue: { claimTimeoutMs },
    },
  );
  const taskId = await fixture.createTask(payload);
  const running = fixture.run();
  await during(proxy, () => fixture.cancel(taskId));
  await running;
  const ids = new Map([[taskId, "<taskId>"]]);
  for (const [, uploadId = ""] of JSON.stringify(proxy.exchanges.map(({ answer }) => answer?.body)).matchAll(
    /uploadId\\":\\"([\w-]{22})/g,
  )) {
    ids.set(uploadId, "<uploadId>");
  }
  recorded.push(...proxy.exchanges);
  return { taskId, exchanges: proxy.exchanges, ids };
}

const recorded: Exchange[] = [];

/** One artifact after the other, so that the order is always the same. */
function inOrder(exchanges: readonly Exchange[]): Exchange[] {
  const artifactOf = ({ path, call }: Exchange) =>
    call === "put"
      ? ""
      : (/(?:artifacts|upload)\/(.*)$/.exec(decodeURIComponent(path))?.[1]?.replace(/^t\/[^/]+\/0\//, "") ?? "");
  const keys = new Map<Exchange, string>();
  const addresses = new Map<string, string>();
  for (const exchange of exchanges) {
    const name = artifactOf(exchange);
    const { pathname } = URL.parse(/"(?:putUrl|url)":"(http[^"]+)"/.exec(exchange.answer?.body ?? "")?.[1] ?? "") ?? {};
    if (pathname) addresses.set(pathname, name);
    keys.set(exchange, exchange.call === "put" ? (addresses.get(exchange.path) ?? "") : name);
  }
  const isTasks = (exchange: Exchange) => /^public\/(small|large|missing)/.test(keys.get(exchange) ?? "");
  const first = exchanges.findIndex(isTasks);
  if (first < 0) return [...exchanges];
  const own = exchanges.filter(isTasks);
  own.sort((a, b) => ((keys.get(a) ?? "") < (keys.get(b) ?? "") ? -1 : keys.get(a) === keys.get(b) ? 0 : 1));
  return [...exchanges.slice(0, first), ...own, ...exchanges.slice(first).filter((each) => !isTasks(each))];
}

async function assertGolden(name: string, text: string): Promise<void> {
  const path = join(import.meta.dirname, "golden", `${name}.txt`);
  if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(path, text);
  assert.equal(text, await readFile(path, "utf8"));
}

describe("the traffic of a task", { concurrency: 4 }, () => {
  it("that leaves files for S3", async (t) => {
    const payload = { command: [sh(makeFiles)], maxRunTime: 60, artifacts };
    const { exchanges, ids } = await trafficOf(t, payload);
    for (const { headers, body } of exchanges.filter(({ call }) => call === "put")) {
      assert.equal(headers["content-length"], String(body.length));
      assert.equal(headers["transfer-encoding"], undefined);
    }
    await assertGolden("s3", transcript(inOrder(exchanges), ids));
  });

  it("that leaves files for the object service", async (t) => {
    const payload = { command: [sh(makeFiles)], maxRunTime: 60, artifacts };
    const { exchanges, ids } = await trafficOf(t, payload, { createObjectArtifacts: true });
    for (const { body } of exchanges.filter(({ call }) => call === "createArtifact")) {
      const request: Record<string, unknown> = JSON.parse(body.toString());
      if (request["storageType"] === "object") assert.equal(request["contentLength"], undefined);
    }
    await assertGolden("object", transcript(inOrder(exchanges), ids));
  });

  it("whose payload is wrong: the report comes first, then the log", async (t) => {
    const { exchanges, ids } = await trafficOf(t, { command: 7 });
    await assertGolden("malformed", transcript(exchanges, ids));
  });

  it("that fails, and is renewed meanwhile", async (t) => {
    const payload = { command: [sh("sleep 2; exit 3")], maxRunTime: 60, features: { liveLog: false } };
    const { exchanges, ids } = await trafficOf(t, payload, {}, undefined, 2_500);
    await assertGolden("failed", transcript(exchanges, ids));
  });

  it("that is canceled, which only a look at its status shows: nothing is reported", async (t) => {
    const payload = { command: [sh("exec sleep 600")], maxRunTime: 600 };
    const { exchanges } = await trafficOf(t, payload, { cancelCheckSecs: 1 }, async (proxy, cancel) => {
      while (proxy.named("status").length === 0) await sleep(20);
      await cancel();
    });
    const calls = exchanges.map(({ call }) => call);
    assert.ok(!calls.some((call) => call.startsWith("report")));
    assert.ok(calls.includes("createArtifact"), "its log is still uploaded");
  });
});

/** The published call that an exchange is. */
function entryOf(entries: Map<string, PublishedEntry>, prefix: string, { method, path }: Exchange): PublishedEntry {
  const asked = new URL(path, "http://queue");
  for (const entry of entries.values()) {
    const route = entry.route.replaceAll(/<\w+>/g, "[^/]+");
    if (entry.method?.toUpperCase() !== method || !new RegExp(`^${prefix}${route}$`).test(asked.pathname)) continue;
    for (const name of asked.searchParams.keys()) assert.ok(entry.query.includes(name), `${entry.name}: ?${name}`);
    return entry;
  }
  return assert.fail(`no published call is ${method} ${path}`);
}

/** What the agent makes of an answer, by call. */
const readers: Readonly<Record<string, (answer: unknown) => unknown>> = {
  claimWork: (answer) => checkClaims(answer, (error) => assert.fail(error)),
  reclaimTask: checkReclaim,
  status: checkRuns,
  reportCompleted: checkReported,
  reportFailed: checkReported,
  reportException: checkReported,
  createUpload: checkUpload,
  finishUpload: checkFinished,
};

function readerOf(call: string, answer: Record<string, unknown>): ((answer: unknown) => unknown) | undefined {
  if (call !== "createArtifact") return readers[call];
  return answer["storageType"] === "object" ? checkReservedObject : checkArtifact;
}

/** The answer without each of its fields in turn, as deep as it goes. */
function* withoutOne(value: unknown): Generator<unknown> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    if (!Array.isArray(value)) {
      const { [name]: _, ...rest } = Object.fromEntries(Object.entries(value));
      yield rest;
    }
    for (const changed of withoutOne(part)) {
      yield Array.isArray(value)
        ? value.map((item, n) => (String(n) === name ? changed : item))
        : { ...value, [name]: changed };
    }
  }
}

test("all of it is as the published references say, both ways", { skip: needsReferences }, () => {
  const published = loadPublished();
  const seen = new Set<string>();
  for (const exchange of recorded.filter(({ call }) => call !== "put")) {
    const { call, body, answer } = exchange;
    const service = exchange.path.startsWith("/api/object/") ? "object" : "queue";
    const entry = entryOf(published.entries(service), `/api/${service}/v1`, exchange);
    assert.equal(call, entry.name);
    seen.add(call);
    if (entry.input) {
      const validate = published.validator(service, entry.input);
      assert.ok(validate(JSON.parse(body.toString())), `${call}: ${JSON.stringify(validate.errors)} in ${body}`);
    } else {
      assert.equal(body.length, 0, call);
    }
    if (!answer || answer.status >= 300 || !entry.output || answer.status === 204) continue;
    const validate = published.validator(service, entry.output);
    const whole: Record<string, unknown> = JSON.parse(answer.body);
    assert.ok(validate(structuredClone(whole)), `${call}: ${JSON.stringify(validate.errors)}`);
    // Whatever a service may leave out, it may leave out to us.
    for (const less of withoutOne(whole)) {
      if (validate(structuredClone(less))) readerOf(call, whole)?.(less);
    }
  }
  assert.deepEqual([...seen].sort(), [
    ...["claimWork", "createArtifact", "createUpload", "finishArtifact", "finishUpload", "reclaimTask"],
    ...["reportCompleted", "reportException", "reportFailed", "status"],
  ]);
});
