/** The macosx engine on a real helper with real users; one helper for the tests of a file. */
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

/** To be called at the top of a test file; the fields are there when the first test runs. */
export function useRealEngine(settings: Record<string, unknown> = {}): { current(): RealEngine } {
  let real: RealEngine | undefined;
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
    await real?.engine.dispose();
    await real?.helper.stop();
  });
  return {
    current() {
      if (!real) throw new Error("the engine is there when the first test runs");
      return real;
    },
  };
}

/** A builder with a PATH and a HOME, ended after the test. */
export async function newBuilder(t: TestContext, engine: Engine): Promise<SandboxBuilder> {
  const builder = await engine.newSandboxBuilder();
  t.after(async () => {
    if (!engine.lost.aborted) await builder.dispose();
  });
  builder.setEnvironmentVariable("PATH", taskPath);
  builder.setEnvironmentVariable("HOME", builder.user.home);
  return builder;
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
