import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { RunnerSession } from "../../agent/cli/runner-session.ts";
import { Stopping } from "../../agent/cli/stopping.ts";
import { defaultConfig } from "../../agent/config.ts";
import { createLogger } from "../../agent/logger.ts";
import { WorkerCredentials } from "../../agent/queue/worker-credentials.ts";
import { RunnerLink } from "../../agent/runner/runner-link.ts";
import { Pipes } from "../runner/pipes.ts";

const config = { ...defaultConfig, rootURL: "https://tc.example.com", workerId: "mac-1" };

async function served(settings: object = {}) {
  const pipes = new Pipes();
  const link = new RunnerLink(pipes.input, pipes.output);
  const say = (message: object | string) => pipes.say(message);
  await say({ type: "welcome", capabilities: ["log", "error-report", "shutdown", "new-credentials"] });
  const stopping = new Stopping();
  const session = new RunnerSession(link, stopping, () => assert.fail("worker-runner takes the log"));
  const credentials = new WorkerCredentials({ clientId: "old", accessToken: "old-token" });
  session.serve({ ...config, ...settings }, credentials, createLogger({ stream: session.log }));
  return { session, stopping, credentials, say, input: pipes.input, said: () => pipes.text() };
}

suite("worker-runner", () => {
  test("replaces the credentials, which are in no log", async () => {
    const { credentials, say, said } = await served();
    const certificate = JSON.stringify({ expiry: Date.UTC(2030, 0) });
    await say({ type: "new-credentials", "client-id": "new", "access-token": "hush", certificate });
    assert.deepEqual(credentials.newest, { clientId: "new", accessToken: "hush", certificate });
    const log = said();
    assert.match(log, /sent new credentials, good until 2030-01-01T00:00:00\.000Z/);
    assert.ok(!log.includes("hush"));
  });

  test("lets the worker finish its tasks, then has it end them", async () => {
    const { stopping, say } = await served();
    await say({ type: "graceful-termination", "finish-tasks": true });
    assert.deepEqual([stopping.gently.aborted, stopping.now.aborted], [true, false]);
    await say({ type: "graceful-termination", "finish-tasks": false });
    assert.deepEqual([stopping.now.aborted, stopping.wish?.end], [true, "terminated"]);
  });

  test("that is gone ends the worker as SIGTERM does", async () => {
    const { stopping, input } = await served();
    input.end();
    await new Promise(setImmediate);
    assert.deepEqual(stopping.wish, { end: "terminated", finishTasks: false });
  });

  test("may write lines that are no messages, which cannot disguise themselves in the log", async () => {
    const { said, say } = await served();
    await say("two\x1b[31mwords\n\n~{not json}\n");
    const log = said();
    assert.match(log, /worker-runner wrote: two\ufffd\[31mwords"/);
    assert.match(log, /A message of worker-runner was ignored: it is no JSON\./);
    assert.equal(log.split("worker-runner wrote").length, 2);
  });

  test("is told of an error with what worker it was", async () => {
    const { session, said } = await served();
    said();
    session.failed("it broke");
    const { extra, description } = JSON.parse(said().slice(1));
    assert.equal(description, "it broke");
    assert.deepEqual([extra.workerId, extra.rootURL, extra.capacity], ["mac-1", "https://tc.example.com", "1"]);
    for (const value of Object.values(extra)) assert.equal(typeof value, "string");
  });

  test("registers the worker itself, whatever the configuration says", async () => {
    const { said } = await served({ staticSecret: "s".repeat(44) });
    assert.match(said(), /staticSecret has no effect/);
  });
});
