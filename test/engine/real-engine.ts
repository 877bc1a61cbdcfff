/** The macosx engine on a real helper with real users; one helper for the tests of a file. */
import { spawnSync } from "node:child_process";
import { PassThrough, Readable, type Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after, before, type TestContext } from "node:test";
import type { CommandResult, Engine, ResultSet, Sandbox, SandboxBuilder } from "../../agent/engine/engine.ts";
import { type EngineLog, startMacosxEngine } from "../../agent/engine/macosx.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { needsRoot } from "../root.ts";

export const taskPath = "/usr/bin:/bin";

export interface RealEngine {
  readonly helper: RealHelper;
  readonly engine: Engine;
  readonly logged: { fields: object; message: string }[];
}

export interface FinishedTask {
  readonly result: ResultSet;
  readonly home: string;
  /** Runs `lines` as the task user in a folder of their own, and returns its name, relative to the home. */
  folder(lines: string): string;
}

async function finishTask(builder: SandboxBuilder): Promise<FinishedTask> {
  const { home, uid } = builder.user;
  const result = await builder.startSandbox().finish();
  let folders = 0;
  function folder(lines: string): string {
    const name = `folder-${++folders}`;
    const script = `set -e; mkdir ${name}; cd ${name}\n${lines}`;
    const options = { uid, gid: uid, cwd: home, env: { PATH: taskPath, HOME: home }, encoding: "utf8" } as const;
    const run = spawnSync("/bin/bash", ["-c", script], options);
    if (run.status !== 0) throw new Error(`the lines failed: ${run.stderr}`);
    return name;
  }
  return { result, home, folder };
}

/** To be called at the top of a test file; the fields are there when the first test runs. */
export function useRealEngine(settings: Record<string, unknown> = {}): {
  current(): RealEngine;
  /** One task that has ended, for all tests of the file that only look at its files: a folder for each. */
  finishedTask(): Promise<FinishedTask>;
} {
  let real: RealEngine | undefined;
  let builder: Promise<SandboxBuilder> | undefined;
  let task: Promise<FinishedTask> | undefined;
  before(async () => {
    if (needsRoot) return;
    const helper = await startRealHelper(settings);
    const logged: RealEngine["logged"] = [];
    const note = (fields: object, message: string): void => void logged.push({ fields, message });
    const log: EngineLog = { info: note, warn: note, error: note };
    const engine = await startMacosxEngine({ socketPath: helper.socketPath, log, deadlineMs: 20_000 });
    real = { helper, engine, logged };
  });
  after(async () => {
    await (await builder)?.dispose();
    await real?.engine.dispose();
    await real?.helper.stop();
  });
  function current(): RealEngine {
    if (!real) throw new Error("the engine is there when the first test runs");
    return real;
  }
  return {
    current,
    finishedTask() {
      builder ??= current().engine.newSandboxBuilder();
      task ??= builder.then(finishTask);
      return task;
    },
  };
}

/** A builder with a PATH and a HOME, ended after the test. */
export async function newBuilder(t: TestContext, engine: Engine): Promise<SandboxBuilder> {
  const builder = await builderOf(engine);
  t.after(async () => {
    if (!engine.lost.aborted) await builder.dispose();
  });
  return builder;
}

async function builderOf(engine: Engine): Promise<SandboxBuilder> {
  const builder = await engine.newSandboxBuilder();
  builder.setEnvironmentVariable("PATH", taskPath);
  builder.setEnvironmentVariable("HOME", builder.user.home);
  return builder;
}

/** One builder for the tests of a suite that leave it as it was. */
export function useBuilder(real: { current(): RealEngine }): () => SandboxBuilder {
  let builder: SandboxBuilder | undefined;
  before(async () => {
    builder = await builderOf(real.current().engine);
  });
  after(() => builder?.dispose());
  return () => {
    if (!builder) throw new Error("the builder is there when the first test of its suite runs");
    return builder;
  };
}

/** One sandbox for the tests of a suite that leave it as it was. */
export function useSandbox(real: { current(): RealEngine }): () => Sandbox {
  const builder = useBuilder(real);
  let sandbox: Sandbox | undefined;
  return () => {
    sandbox ??= builder().startSandbox();
    return sandbox;
  };
}

export async function newSandbox(t: TestContext, engine: Engine): Promise<Sandbox> {
  return (await newBuilder(t, engine)).startSandbox();
}

/** The sink of a command, and all that came into it. */
export function collector(): { output: Writable; bytes(): Promise<Buffer> } {
  const output = new PassThrough();
  const all = buffer(output);
  return {
    output,
    bytes() {
      output.end();
      return all;
    },
  };
}

/** Runs lines of bash as the task. */
export async function runLines(
  sandbox: Sandbox,
  lines: string,
): Promise<CommandResult & { bytes: Buffer; text: string }> {
  const { output, bytes } = collector();
  const result = await sandbox.run(["bash", "-c", lines], output);
  const all = await bytes();
  return { ...result, bytes: all, text: all.toString() };
}

/** A result set after `lines` have prepared the home. */
export async function resultOf(
  t: TestContext,
  engine: Engine,
  lines: string,
): Promise<ResultSet & { home: string; uid: number }> {
  const sandbox = await newSandbox(t, engine);
  const { code, text } = await runLines(sandbox, `set -e\n${lines}`);
  if (code !== 0) throw new Error(`the lines failed: ${text}`);
  const result = await sandbox.finish();
  return Object.assign(result, { home: sandbox.user.home, uid: sandbox.user.uid });
}

export const textOf = (text: string): Readable => Readable.from([Buffer.from(text)]);
