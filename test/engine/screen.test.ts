import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { after, before, suite, type TestContext, test } from "node:test";
import { type MacosxEngine, startMacosxEngine } from "../../agent/engine/macosx.ts";
import { GraphicsSession, type Mode, sessionUid, sessionUser } from "../helper/graphics-session.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { needsRoot } from "../root.ts";
import { collector, newBuilder, runLines, textOf } from "./real-engine.ts";

const log = { info: () => {}, warn: () => {}, error: () => {} };

suite("Tasks in the graphics session", { skip: needsRoot }, () => {
  let session: GraphicsSession;
  let helper: RealHelper;
  let engine: MacosxEngine;
  before(async () => {
    session = new GraphicsSession();
    const { launchctl } = session;
    helper = await startRealHelper({ graphical: true, sessionUser, launchctl });
    const options = { socketPath: helper.socketPath, log, deadlineMs: 20_000, graphicalTasks: true, launchctl };
    engine = await startMacosxEngine(options);
  });
  after(async () => {
    await engine?.dispose();
    await helper?.stop();
    session?.remove();
  });

  function mode(t: TestContext, mode: Mode): void {
    session.mode(mode);
    t.after(() => session.mode(""));
  }

  test("are possible when root's configuration says so, for as many as it says", () => {
    assert.deepEqual([engine.graphical, engine.maxGraphical], [true, 1]);
  });

  test("are possible when a task user sees the session, which is free again then", async (t) => {
    await engine.probeScreen();
    const sandbox = (await newBuilder(t, engine)).startSandbox();
    assert.equal((await runLines(sandbox, "echo in $(ulimit -q)")).text, `in ${sessionUid}\n`);
  });

  for (const [what, how, because] of [
    ["is in no session with a screen", "elsewhere", /should say Aqua; it said "Background" and ended with 0\.$/],
    ["cannot be started in one", "fails", /should say Aqua; it could not be started there\.$/],
  ] satisfies [string, Mode, RegExp][]) {
    test(`are not possible when a task user ${what}`, async (t) => {
      mode(t, how);
      await assert.rejects(engine.probeScreen(), { code: "no-screen", message: because });
    });
  }

  test("end as ones without a screen when the session goes before a command can report from it", async (t) => {
    const sandbox = (await newBuilder(t, engine)).startSandbox();
    assert.equal((await runLines(sandbox, "true")).code, 0);
    mode(t, "fails");
    await assert.rejects(runLines(sandbox, "true"), { code: "no-screen" });
  });

  test("end as others do when the session is there", async (t) => {
    const sandbox = (await newBuilder(t, engine)).startSandbox();
    const missing = await sandbox.run(["/nowhere"], new PassThrough());
    assert.deepEqual([missing.code, missing.signal], [null, null]);
    const killed = await runLines(sandbox, "kill -KILL $PPID");
    assert.deepEqual([killed.code, killed.signal], [null, "SIGKILL"]);
  });

  test("have their commands and shells there, and none of the worker's own tools", async (t) => {
    const before = session.calls("asuser").length;
    const builder = await newBuilder(t, engine);
    await builder.placeFile({ name: "file", body: textOf("x"), mode: 0o600 });
    assert.equal(session.calls("asuser").length, before);
    const sandbox = builder.startSandbox();
    await runLines(sandbox, "true");
    const shell = await sandbox.openShell({ argv: ["/bin/bash", "-c", "ulimit -q"], terminal: false });
    const { output, bytes } = collector();
    await shell.copyOutput(output);
    assert.equal((await bytes()).toString(), `${sessionUid}\n`);
    assert.equal(session.calls("asuser").length, before + 2);
  });

  test("are started like others by a worker whose tasks need no screen", async (t) => {
    const { socketPath } = helper;
    await engine.dispose();
    engine = await startMacosxEngine({ socketPath, log, deadlineMs: 20_000 });
    const before = session.calls("asuser").length;
    assert.equal((await (await newBuilder(t, engine)).startSandbox().run(["/bin/true"], new PassThrough())).code, 0);
    assert.equal(session.calls("asuser").length, before);
  });
});
