/** What networks do to a task, and how to see that it came to no harm. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { Fixture } from "../worker/fixture.ts";
import type { Fault, FaultyProxy } from "./faulty-proxy.ts";

export const sh = (script: string) => ["/bin/sh", "-c", script];
export const content = "the content of an artifact\n".repeat(200);
export const payload = {
  command: [sh(`yes 'the content of an artifact' | head -n 200 > out.txt; echo said`)],
  maxRunTime: 60,
  artifacts: [{ type: "file", path: "out.txt", name: "public/out.txt" }],
};

/** The task, its log and its artifact are as if nothing had happened, and no secret was written down. */
export async function assertAllThere(
  fixture: Fixture,
  proxy: FaultyProxy,
  taskId: string,
  wanted = content,
): Promise<void> {
  const { state, runs } = await fixture.resolved(taskId);
  assert.deepEqual({ state, runs: runs.length }, { state: "completed", runs: 1 });
  const log = await fixture.log(taskId);
  assert.match(log, /\nsaid\n/);
  const artifact = fixture.queue.artifacts(taskId).find(({ name }) => name === "public/out.txt");
  assert.ok(artifact?.blob);
  const stored = await readFile(artifact.blob.path);
  const plain = artifact.blob.contentEncoding === "gzip" ? gunzipSync(stored) : stored;
  assert.equal(plain.toString(), wanted);
  const written = fixture.logLines.join("") + log;
  const secrets = proxy.named("put").map(({ path }) => path);
  for (const secret of [...secrets, fixture.config.accessToken]) assert.ok(!written.includes(secret));
}

export const quiet: Fault = { kind: "black-hole" };
export const busy = (status: number, headers = {}): Fault => ({
  kind: "answer",
  status,
  headers,
  body: "<h1>Busy</h1>",
});
export const portal: Fault = {
  kind: "answer",
  status: 200,
  headers: { "content-type": "text/html" },
  body: "<p>Log in</p>",
};
export const noJson: Fault = {
  kind: "answer",
  status: 200,
  headers: { "content-type": "application/json" },
  body: "<p>",
};
export const away: Fault = { kind: "answer", status: 302, headers: { location: "http://login.example/" } };
export const idle400: Fault = {
  kind: "answer",
  status: 400,
  headers: { "content-type": "application/xml" },
  body: "<Error><Code>RequestTimeout</Code><Message>Your socket connection was idle.</Message></Error>",
};

/** What the worker's log said, in order, without repetition. */
export function said(fixture: Fixture): string[] {
  return [...new Set(fixture.logLines.map((line) => String(JSON.parse(line).msg)))];
}

export const quick = { claimMs: 700, otherMs: 400, hurryMs: 1_000 };
export const quickRetries = { tries: 5, withinMs: 10_000, idleMs: 300 };
