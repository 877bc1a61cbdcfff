import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createLogger } from "../../agent/logger.ts";
import type { FromRunner } from "../../agent/runner/message.ts";
import { RunnerLink } from "../../agent/runner/runner-link.ts";
import { RunnerLog } from "../../agent/runner/runner-log.ts";
import { Pipes } from "./pipes.ts";

function linked() {
  const pipes = new Pipes();
  return { pipes, link: new RunnerLink(pipes.input, pipes.output) };
}

async function welcomed(...capabilities: string[]) {
  const { link, pipes } = linked();
  await pipes.say({ type: "welcome", capabilities });
  assert.equal(await link.met(10_000), true);
  return { link, pipes, messages: () => pipes.messages() };
}

suite("the link to worker-runner", () => {
  test("answers the welcome with what both know of", async () => {
    const { link, messages } = await welcomed("new-credentials", "log", "later-invention");
    assert.deepEqual(messages(), [{ type: "hello", capabilities: ["log", "new-credentials"] }]);
    assert.deepEqual([link.can("log"), link.can("shutdown")], [true, false]);
  });

  test("is none when nobody says welcome", async () => {
    const { link, pipes } = linked();
    assert.equal(await link.met(1), false);
    pipes.input.end();
    assert.equal(await link.met(10_000), false);
  });

  test("sends nothing that worker-runner does not know of", async () => {
    const { link, messages } = await welcomed("graceful-termination");
    messages();
    assert.equal(link.log({ textPayload: "x" }), false);
    link.shutDown();
    link.reportError("x", {});
    assert.deepEqual(messages(), []);
  });

  test("sends log lines, errors and the wish to shut down", async () => {
    const { link, messages } = await welcomed("log", "error-report", "shutdown");
    messages();
    link.log({ textPayload: "x" });
    link.reportError("it broke", { workerId: "w" });
    link.shutDown();
    const [kind, title] = ["worker-error", "taskcluster-worker error"];
    assert.deepEqual(messages(), [
      { type: "log", body: { textPayload: "x" } },
      { type: "error-report", kind, title, description: "it broke", extra: { workerId: "w" } },
      { type: "shutdown" },
    ]);
  });

  test("keeps what was said before somebody listened", async () => {
    const { link, pipes } = await welcomed();
    const heard: FromRunner[] = [];
    await pipes.say('~{"type":"graceful-termination","finish-tasks":true}\nplain');
    link.listen((message) => heard.push(message));
    await pipes.say(" words\n");
    assert.deepEqual(heard, [
      { type: "graceful-termination", finishTasks: true },
      { type: "text", text: "plain words" },
    ]);
  });

  test("tells when worker-runner is gone", async () => {
    const ended = await welcomed("log");
    ended.pipes.input.end();
    await new Promise(setImmediate);
    assert.equal(ended.link.gone.aborted, true);
    assert.equal(ended.link.log({ textPayload: "x" }), false);
    const deaf = await welcomed("log");
    deaf.pipes.output.destroy(new Error("EPIPE"));
    await new Promise(setImmediate);
    assert.equal(deaf.link.gone.aborted, true);
  });

  test("drops log lines for a worker-runner that reads nothing, and says how many when it reads again", async () => {
    const { link, pipes } = await welcomed("log");
    pipes.text();
    pipes.stop();
    const textPayload = "x".repeat(100_000);
    for (let n = 0; n < 40; n++) assert.equal(link.log({ textPayload }), true);
    assert.ok(pipes.output.writableLength < 1_200_000, `${pipes.output.writableLength} bytes are held`);
    pipes.goOn();
    await new Promise(setImmediate);
    const kept = pipes.messages().length;
    link.log({ textPayload: "after" });
    const [told, after] = pipes.messages().map((message) => JSON.stringify(message));
    assert.match(told ?? "", new RegExp(`"${40 - kept} lines of the log were dropped`));
    assert.match(after ?? "", /after/);
  });

  test("does not wait at the end for a worker-runner that reads nothing", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { link, pipes } = await welcomed("log");
    pipes.stop();
    link.log({ textPayload: "last" });
    const closing = link.close();
    t.mock.timers.tick(5_000);
    await closing;
    assert.equal(pipes.output.destroyed, true);
  });

  test("closes when everything was read", async () => {
    const { link, pipes } = await welcomed("log");
    await link.close();
    assert.equal(pipes.output.destroyed, false);
  });
});

suite("the log of an agent that worker-runner has started", () => {
  test("goes to worker-runner with its fields, long lines cut", async () => {
    const { link, messages } = await welcomed("log");
    messages();
    const otherwise: string[] = [];
    const logger = createLogger({ stream: new RunnerLog(link, (line) => otherwise.push(line)) });
    logger.warn({ taskId: "t" }, "look");
    logger.info({ more: "y".repeat(70_000) }, "z".repeat(70_000));
    const said = JSON.stringify(messages());
    assert.match(
      said,
      /"body":\{"textPayload":"look","level":"warn","time":"20[^"]+","taskId":"t"\}\},.*"textPayload":"z{65536}"/,
    );
    assert.ok(!said.includes("yyy"));
    assert.deepEqual(otherwise, []);
  });

  test("goes elsewhere as it is when worker-runner takes none", async () => {
    const { link } = await welcomed();
    const otherwise: string[] = [];
    createLogger({ stream: new RunnerLog(link, (line) => otherwise.push(line)) }).info("look");
    assert.match(otherwise.join(), /^\{"level":"info","time":"20[^"]+","msg":"look"\}\n$/);
  });
});
