/** An engine for tests without root: it keeps the engine's contract with processes of whoever runs the tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { chmod, mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { isAbsolute, join, relative } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  type Archive,
  type CommandResult,
  type Engine,
  EngineError,
  type NoUser,
  ResourceError,
  type ResultSet,
  type Sandbox,
  type SandboxBuilder,
  type TaskFile,
  type TaskUser,
} from "../../agent/engine/engine.ts";
import type { Gone } from "../../shared/protocol/messages.ts";

const nothing = { processes: 0, shared: 0 };

export class PlainEngine implements Engine {
  readonly #lost = new AbortController();
  /** Homes that are not disposed; a test that is over expects none. */
  readonly homes = new Set<string>();
  kills = 0;
  graphical = false;
  /** Why no task user can be made. */
  noUser: NoUser | null = null;
  /** What is wrong with the screen. */
  screen: Error | null = null;
  /** How often it was looked at. */
  screenProbes = 0;
  /** A directory whose volume must have room, too. */
  homesDirectory: string | null = null;

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  readonly unsafe = new AbortController().signal;

  lose(): void {
    this.#lost.abort();
  }

  async whyNoUser(): Promise<NoUser | null> {
    return this.noUser;
  }

  async probeScreen(): Promise<void> {
    this.screenProbes += 1;
    if (this.screen) throw this.screen;
  }

  async newSandboxBuilder(_signal?: AbortSignal): Promise<SandboxBuilder> {
    const home = await mkdtemp(join(tmpdir(), "plain-engine-"));
    this.homes.add(home);
    const { username, uid } = userInfo();
    return new PlainBuilder(this, { name: username, uid, home });
  }

  async dispose(): Promise<void> {}
}

/** Builder, and the end of the user, which is the same in every state. */
class PlainBuilder implements SandboxBuilder {
  readonly user: TaskUser;
  readonly engine: PlainEngine;
  readonly env: Record<string, string> = {};

  constructor(engine: PlainEngine, user: TaskUser) {
    this.engine = engine;
    this.user = user;
  }

  setEnvironmentVariable(name: string, value: string): void {
    if (name in this.env) throw new EngineError("naming-conflict", `The variable ${name} is set twice.`);
    this.env[name] = value;
  }

  async placeFile({ name, body, mode }: { name: string; body: Readable; mode: 0o600 | 0o755 }): Promise<void> {
    const path = join(this.user.home, name);
    const file = await open(path, "wx", mode);
    await pipeline(body, file.createWriteStream());
    await chmod(path, mode);
  }

  async unpack(_archive: Archive, body: Readable): Promise<void> {
    body.destroy();
    throw new EngineError("archive-refused", "This engine unpacks nothing.");
  }

  startSandbox(): Sandbox {
    return new PlainSandbox(this);
  }

  async dispose(): Promise<Gone> {
    await rm(this.user.home, { recursive: true, force: true });
    this.engine.homes.delete(this.user.home);
    const left = { ...nothing, home: false, account: false };
    return { state: "gone", found: nothing, removed: nothing, left, auditHead: "0".repeat(64) };
  }
}

class PlainSandbox implements Sandbox, ResultSet {
  readonly user: TaskUser;
  readonly leftover = 0;
  readonly #builder: PlainBuilder;
  #child: ChildProcess | null = null;
  #killed = false;

  constructor(builder: PlainBuilder) {
    this.user = builder.user;
    this.#builder = builder;
  }

  async run(argv: readonly string[], output: Writable, env = this.#builder.env): Promise<CommandResult> {
    const began = performance.now();
    const [file = "", ...args] = argv;
    const { user } = this.#builder;
    const child = spawn(file, args, {
      cwd: user.home,
      env: { PATH: "/usr/bin:/bin", ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stdout?.pipe(output, { end: false });
    child.stderr?.pipe(output, { end: false });
    const times = { userMs: 0, systemMs: 0, wallMs: performance.now() - began };
    try {
      await once(child, "spawn");
    } catch {
      return { code: null, signal: null, ...times, aborted: false };
    }
    const [code, signal]: [number | null, string | null] = await new Promise((resolve) =>
      child.once("close", (...end) => resolve(end)),
    );
    this.#child = null;
    const { screen } = this.#builder.engine;
    if (code === null && screen) throw screen;
    return { code, signal, ...times, aborted: this.#killed };
  }

  async openShell(): Promise<never> {
    throw new EngineError("shell-failed", "this engine has no shells");
  }

  async kill(): Promise<void> {
    this.#killed = true;
    this.#builder.engine.kills += 1;
    const pid = this.#child?.pid;
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  }

  async finish(): Promise<ResultSet> {
    return this;
  }

  async openFile(path: string): Promise<TaskFile> {
    const whole = isAbsolute(path) ? path : join(this.user.home, path);
    try {
      const file = await open(whole);
      const { size } = await file.stat();
      await file.close();
      return { size, body: createReadStream(whole) };
    } catch {
      throw new ResourceError("file-missing-on-worker", `Could not read file '${path}'`);
    }
  }

  async *listFolder(path: string): AsyncIterable<string> {
    const whole = join(this.user.home, path);
    const entries = await readdir(whole, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isDirectory()) yield relative(whole, join(entry.parentPath, entry.name));
    }
  }

  dispose(): Promise<Gone> {
    return this.#builder.dispose();
  }
}
