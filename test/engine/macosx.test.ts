import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { after, before, describe, type TestContext, test } from "node:test";
import type { Engine } from "../../agent/engine/engine.ts";
import { EngineError } from "../../agent/engine/engine.ts";
import { type EngineLog, startMacosxEngine } from "../../agent/engine/macosx.ts";
import { type RealHelper, type Settings, startRealHelper } from "../helper/real-helper.ts";
import { needsRoot } from "../root.ts";
import { newSandbox, runLines } from "./real-engine.ts";

const options = { skip: needsRoot, timeout: 120_000 };

interface Logged {
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

class Log implements EngineLog {
  readonly lines: Logged[] = [];
  #waiting: (() => void)[] = [];
  readonly info = (fields: object, message: string): void => this.#note(fields, message);
  readonly warn = (fields: object, message: string): void => this.#note(fields, message);
  readonly error = (fields: object, message: string): void => this.#note(fields, message);

  #note(fields: object, message: string): void {
    this.lines.push({ fields: { ...fields }, message });
    for (const wake of this.#waiting.splice(0)) wake();
  }

  count(message: string): number {
    return this.lines.filter((line) => line.message === message).length;
  }

  async heard(message: string, times = 1): Promise<void> {
    while (this.count(message) < times) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

interface Started {
  readonly helper: RealHelper;
  readonly engine: Engine;
  readonly log: Log;
}

/** One helper for the tests of a suite, and an engine for each. */
function useHelper(settings: Settings | ((firstUid: number) => Settings) = {}): {
  start(t: TestContext): Promise<Started>;
} {
  let helper: RealHelper;
  before(async () => {
    helper = await startRealHelper(settings);
  });
  after(() => helper.stop());
  return {
    async start(t) {
      const log = new Log();
      const engine = await startMacosxEngine({ socketPath: helper.socketPath, log });
      t.after(async () => {
        await engine.dispose();
        await helper.idle();
      });
      return { helper, engine, log };
    },
  };
}

describe("task users made ahead", options, () => {
  const { start } = useHelper();

  test("one waits for the next task, and another is made when it is taken", async (t) => {
    const { engine, log } = await start(t);
    await log.heard("task user created");
    const first = await engine.newSandboxBuilder();
    assert.equal(log.lines.find(({ message }) => message === "task user created")?.fields["uid"], first.user.uid);
    await log.heard("task user created", 2);
    const second = await engine.newSandboxBuilder();
    assert.notEqual(first.user.uid, second.user.uid);
    await Promise.all([first.dispose(), second.dispose()]);
    await engine.dispose();
  });

  test("several tasks that begin at once get a user each", async (t) => {
    const { engine } = await start(t);
    const builders = await Promise.all(Array.from({ length: 4 }, () => engine.newSandboxBuilder()));
    assert.equal(new Set(builders.map(({ user }) => user.uid)).size, 4);
    await Promise.all(builders.map((builder) => builder.dispose()));
    await engine.dispose();
  });

  test("the last is deleted when the engine is disposed", async (t) => {
    const { engine, helper, log } = await start(t);
    await log.heard("task user created");
    const uid = log.lines.find(({ message }) => message === "task user created")?.fields["uid"];
    await engine.dispose();
    const ended = helper.audit().findLast((line) => line["action"] === "ended" && line["uid"] === uid);
    assert.equal(ended?.["state"], "gone");
    assert.equal(engine.lost.aborted, false);
    await assert.rejects(engine.newSandboxBuilder(), /disposed/);
  });
});

describe("where one user is allowed at a time", options, () => {
  const { start } = useHelper({ maxUsers: 1 });

  test("where no more users are allowed a task waits until one is free", async (t) => {
    const { engine, log } = await start(t);
    const only = await engine.newSandboxBuilder();
    await log.heard("no task user could be made ahead");
    const waiting = engine.newSandboxBuilder();
    await log.heard("a task waits for a task user to end");
    await only.dispose();
    const next = await waiting;
    assert.notEqual(next.user.name, only.user.name);
    await next.dispose();
    await engine.dispose();
  });

  test("a task that is cancelled while it waits for a user waits no longer, and takes none", async (t) => {
    const { engine, log } = await start(t);
    const only = await engine.newSandboxBuilder();
    const canceled = new AbortController();
    const waiting = assert.rejects(engine.newSandboxBuilder(canceled.signal), { name: "AbortError" });
    await log.heard("a task waits for a task user to end");
    canceled.abort();
    await waiting;
    await only.dispose();
    const next = await engine.newSandboxBuilder();
    await next.dispose();
    await engine.dispose();
  });

  test("a task that waits for a user is told when the helper goes away", async (t) => {
    const { engine, helper, log } = await start(t);
    await engine.newSandboxBuilder();
    const waiting = assert.rejects(engine.newSandboxBuilder(), { code: "helper-lost" });
    await log.heard("a task waits for a task user to end");
    await helper.kill();
    await waiting;
    await engine.dispose();
    await helper.restart();
  });
});

describe("a long task", options, () => {
  const { start } = useHelper((firstUid) => ({ uidRange: [firstUid, firstUid + 5] }));

  test("does not keep many short ones from their users, though its neighbours' uids wait for it", async (t) => {
    const { engine, helper } = await start(t);
    const long = await engine.newSandboxBuilder();
    const uids = new Set<number>();
    for (let task = 0; task < 3; task += 1) {
      const short = await engine.newSandboxBuilder();
      uids.add(short.user.uid);
      await short.dispose();
    }
    assert.equal(uids.size, 3, "no uid was given twice beside the long one");
    const last = [engine.newSandboxBuilder(), engine.newSandboxBuilder(), engine.newSandboxBuilder()];
    await long.dispose();
    for (const each of last) await (await each).dispose();
    await engine.dispose();
    assert.equal(helper.status().quarantined, 0);
  });
});

describe("a helper that goes away", options, () => {
  const { start } = useHelper();

  test("ends every run, and the engine is lost", async (t) => {
    const { engine, helper } = await start(t);
    const sandbox = await newSandbox(t, engine);
    const output = new PassThrough();
    output.once("data", () => void helper.kill());
    await assert.rejects(sandbox.run(["bash", "-c", "echo begun; sleep 600"], output), (error) => {
      assert.ok(error instanceof EngineError);
      assert.equal(error.code, "helper-lost");
      return true;
    });
    assert.ok(engine.lost.aborted);
    await assert.rejects(sandbox.dispose(), { code: "helper-lost" });
    await assert.rejects(engine.newSandboxBuilder(), { code: "helper-lost" });
    await engine.dispose();
    await helper.restart();
  });

  test("and comes back serves a new engine", async (t) => {
    const { engine, helper } = await start(t);
    const lost = new Promise((resolve) => engine.lost.addEventListener("abort", resolve));
    await helper.kill();
    await lost;
    await helper.restart();
    const again = await startMacosxEngine({ socketPath: helper.socketPath, log: new Log() });
    const sandbox = await newSandbox(t, again);
    assert.equal((await runLines(sandbox, "echo on")).text, "on\n");
    await sandbox.dispose();
    await again.dispose();
  });
});
