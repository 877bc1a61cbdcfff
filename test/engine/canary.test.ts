import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { suite, type TestContext, test } from "node:test";
import { Canary } from "../../agent/engine/canary.ts";
import { EngineError } from "../../agent/engine/engine.ts";
import { connectHelper } from "../../agent/engine/helper-client.ts";
import { startMacosxEngine } from "../../agent/engine/macosx.ts";
import { TaskAccount } from "../../agent/engine/task-account.ts";
import { replyOf, toolCommand } from "../../agent/engine/user-tool.ts";
import { useHelper } from "../helper/fixture.ts";
import { needsRoot } from "../root.ts";

const lines = readFileSync(new URL("../../agent/engine/canary.sh", import.meta.url), "utf8");
const silent = { info: () => {}, warn: () => {}, error: () => {} };

suite("The isolation canary", { skip: needsRoot }, () => {
  const fixture = useHelper();

  /** A folder below /var, where every account may look, removed after the test. */
  function folder(t: TestContext): string {
    const path = mkdtempSync("/var/tmp/canary-");
    t.after(() => rmSync(path, { recursive: true }));
    return path;
  }

  async function users(t: TestContext, count: number): Promise<TaskAccount[]> {
    const { client } = await connectHelper({ socketPath: fixture.helper.socketPath, deadlineMs: 20_000 });
    t.after(async () => {
      client.close();
      await fixture.helper.idle();
    });
    const made = Array.from({ length: count }, () => client.request("createUser", {}));
    return (await Promise.all(made)).map((created) => new TaskAccount(client, created));
  }

  async function user(t: TestContext): Promise<TaskAccount> {
    const [account] = await users(t, 1);
    assert.ok(account);
    return account;
  }

  /** Lets something be wrong for the time of a test. */
  function open(t: TestContext, path: string, mode: number): void {
    const before = statSync(path).mode & 0o7777;
    chmodSync(path, mode);
    t.after(() => chmodSync(path, before));
  }

  async function found(account: TaskAccount, files: string[], others: TaskAccount[] = []): Promise<string> {
    const canary = new Canary(fixture.helper.socketPath, files);
    const error = await canary.probeSilently(account, others).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error === null) {
      assert.equal(canary.broken.aborted, false);
      return "";
    }
    assert.ok(error instanceof EngineError && error.code === "isolation-broken", String(error));
    assert.equal(canary.broken.reason, error);
    return error.message;
  }

  test("finds nothing on a machine that is as it must be", async (t) => {
    const [account, other] = await users(t, 2);
    const secret = join(folder(t), "worker.yml");
    writeFileSync(secret, "accessToken: x", { mode: 0o600 });
    assert.ok(account && other);
    assert.equal(await found(account, [secret, dirname(secret)], [other]), "");
  });

  test("finds a configuration that others can read", async (t) => {
    const secret = join(folder(t), "worker.yml");
    writeFileSync(secret, "accessToken: x", { mode: 0o644 });
    chmodSync(dirname(secret), 0o711);
    assert.match(await found(await user(t), [secret]), new RegExp(`can read ${secret}\\. Close that`));
  });

  test("finds a file of the agent that others can write to, but not read", async (t) => {
    const secret = join(folder(t), "worker.yml");
    writeFileSync(secret, "");
    chmodSync(secret, 0o602);
    chmodSync(dirname(secret), 0o711);
    assert.match(await found(await user(t), [secret]), new RegExp(`can write to ${secret}`));
  });

  test("finds a directory of the agent that others can enter, but not list", async (t) => {
    const path = folder(t);
    chmodSync(path, 0o711);
    assert.match(await found(await user(t), [path]), new RegExp(`can enter ${path}`));
  });

  test("finds a helper's socket that every account can connect to", async (t) => {
    const { socketPath } = fixture.helper;
    const account = await user(t);
    open(t, dirname(socketPath), 0o755);
    open(t, socketPath, 0o666);
    const message = await found(account, []);
    assert.match(message, new RegExp(`can connect to ${socketPath}; can enter ${dirname(socketPath)}`));
  });

  test("finds the directory of another task user, when it can be entered", async (t) => {
    const [account, other] = await users(t, 2);
    assert.ok(account && other);
    chmodSync(dirname(other.user.home), 0o711);
    assert.match(await found(account, [], [other]), new RegExp(`can enter ${dirname(other.user.home)}`));
  });

  /** What the lines print when they are started by `before "$@"`, with other arguments than ours. */
  async function printed(account: TaskAccount, before: string, args: (uid: string) => string[]): Promise<string> {
    const words = [lines, "canary", ...args(`${account.user.uid}`)];
    const tool = await account.start(toolCommand(account.user.home, before, "/bin/bash", ["-c", ...words]));
    return replyOf(account, tool, 20_000);
  }

  test("finds descriptors that a task user was started with", async (t) => {
    const text = await printed(await user(t), 'exec 7</dev/null; exec "$0" "$@"', (uid) => [uid, "1", "/no/socket"]);
    assert.equal(text, "has the open descriptor 7\nover\n");
  });

  test("finds an agent that a task user can signal", async (t) => {
    const before = 'exec "$0" "$1" "$2" "$3" "$4" $$ "$5"';
    const text = await printed(await user(t), before, (uid) => [uid, "/no/socket"]);
    assert.match(text, /^can signal the agent, process \d+\nover\n$/);
  });

  test("finds ids that are not the task user's: real, effective, saved, and groups", async (t) => {
    const text = await printed(await user(t), 'exec "$0" "$@"', () => ["4999", "1", "/no/socket"]);
    assert.match(
      text,
      /^has the ids \d+ \d+, groups \d+\nhas the saved ids Uid: .*\nhas the saved ids Gid: .*\nover\n$/,
    );
  });

  test("that cannot come to its end begins no task, and blames nobody", async (t) => {
    const account = await user(t);
    const canary = new Canary(fixture.helper.socketPath, []);
    const probe = canary.probeSilently(account, []).catch((error: unknown) => error);
    await account.delete();
    const error = await probe;
    assert.ok(error === undefined || (error instanceof EngineError && error.code === "helper-refused"), String(error));
    assert.equal(canary.broken.aborted, false);
  });

  test("keeps an engine from being ready where tasks are not isolated", async (t) => {
    const secret = join(folder(t), "worker.yml");
    writeFileSync(secret, "accessToken: x", { mode: 0o644 });
    chmodSync(dirname(secret), 0o711);
    const engine = await startMacosxEngine({
      socketPath: fixture.helper.socketPath,
      log: silent,
      agentFiles: [secret],
    });
    await assert.rejects(engine.ready(), { code: "isolation-broken" });
    assert.ok(engine.unsafe.aborted);
    await engine.dispose();
    await fixture.helper.idle();
  });

  test("is asked again before the first command of each task, which then does not run", async (t) => {
    const secret = join(folder(t), "worker.yml");
    writeFileSync(secret, "accessToken: x", { mode: 0o600 });
    chmodSync(dirname(secret), 0o711);
    const engine = await startMacosxEngine({
      socketPath: fixture.helper.socketPath,
      log: silent,
      agentFiles: [secret],
    });
    await engine.ready();
    chmodSync(secret, 0o644);
    const sandbox = (await engine.newSandboxBuilder()).startSandbox();
    const output = new PassThrough();
    await assert.rejects(sandbox.run(["/bin/echo", "ran"], output), { code: "isolation-broken" });
    assert.equal(output.read(), null);
    assert.ok(engine.unsafe.aborted);
    await sandbox.dispose();
    await engine.dispose();
    await fixture.helper.idle();
  });
});
