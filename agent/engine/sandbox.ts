/** The three steps of one task on one task user: builder → sandbox → result set. Each can end the user. */
import type { Readable, Writable } from "node:stream";
import type { Gone } from "../../shared/protocol/messages.ts";
import { envNamePattern } from "../../shared/protocol/schemas.ts";
import {
  type Archive,
  type CommandResult,
  EngineError,
  type ResultSet,
  type Sandbox,
  type SandboxBuilder,
  type Shell,
  type ShellCommand,
  type TaskFile,
  type TaskUser,
} from "./engine.ts";
import { lacksInterpreter } from "./interpreter.ts";
import { placeFile } from "./place-file.ts";
import type { Command, TaskAccount } from "./task-account.ts";
import { TaskFiles } from "./task-file.ts";
import { listTaskFolder } from "./task-folder.ts";
import { copyOutput } from "./task-output.ts";
import { TaskShell } from "./task-shell.ts";
import { unpackArchive } from "./unpack-archive.ts";

const envName = new RegExp(envNamePattern);
/**
 * On Linux a process of the task user, started by the helper, passes the output on (helper/become-user.sh). It lives as
 * long as the output does, so it is among the processes that a kill finds when the output has not ended.
 */
const relays = process.platform === "darwin" ? 0 : 1;

/** Ends the task user: once, whoever asks. */
type End = () => Promise<Gone>;

/** How a task's commands run, and how its user ends. */
export interface Terms {
  /** No command runs before it has resolved. */
  readonly isolated: Promise<void>;
  /** In the graphics session. */
  readonly graphical: boolean;
  /** Whether the session is still there for this user. Throws EngineError `no-screen`. */
  readonly probeScreen: () => Promise<void>;
  readonly end: End;
}

export class MacosxBuilder implements SandboxBuilder {
  readonly #account: TaskAccount;
  readonly #terms: Terms;
  readonly #env = new Map<string, string>();
  #consumed = false;

  constructor(account: TaskAccount, terms: Terms) {
    this.#account = account;
    this.#terms = terms;
    terms.isolated.catch(() => undefined); // The first command throws it.
  }

  get user(): TaskUser {
    return this.#account.user;
  }

  setEnvironmentVariable(name: string, value: string): void {
    if (!envName.test(name)) {
      throw new EngineError(
        "invalid-env-name",
        `${JSON.stringify(name)} cannot be the name of an environment variable: letters, digits and _ are possible, except names that bash keeps for itself.`,
      );
    }
    if (value.includes("\0")) {
      throw new EngineError(
        "invalid-env-name",
        `The environment variable ${name} contains a NUL, which is not possible.`,
      );
    }
    if (this.#env.has(name)) {
      throw new EngineError("naming-conflict", `The environment variable ${name} is set more than once.`);
    }
    this.#env.set(name, value);
  }

  async placeFile(file: { name: string; body: Readable; mode: 0o600 | 0o755 }): Promise<void> {
    if (this.#consumed) throw new Error("placeFile after startSandbox");
    await placeFile(this.#account, file);
  }

  async unpack(archive: Archive, body: Readable, signal: AbortSignal): Promise<void> {
    if (this.#consumed) throw new Error("unpack after startSandbox");
    await unpackArchive(this.#account, archive, body, signal);
  }

  startSandbox(): Sandbox {
    if (this.#consumed) throw new Error("startSandbox was called twice");
    this.#consumed = true;
    return new MacosxSandbox(this.#account, this.#terms, Object.fromEntries(this.#env));
  }

  dispose(): Promise<Gone> {
    return this.#terms.end();
  }
}

class MacosxSandbox implements Sandbox {
  readonly #account: TaskAccount;
  readonly #terms: Terms;
  readonly #env: Readonly<Record<string, string>>;
  #state: "idle" | "running" | "finished" = "idle";
  /** How often `kill` was called: a command that a kill may have missed is killed after its start. */
  #kills = 0;
  /** Processes that outlived the last command and had to be killed for its output to end. */
  #outlived = 0;

  constructor(account: TaskAccount, terms: Terms, env: Readonly<Record<string, string>>) {
    this.#account = account;
    this.#terms = terms;
    this.#env = env;
  }

  get user(): TaskUser {
    return this.#account.user;
  }

  async run(argv: readonly string[], output: Writable, env = this.#env): Promise<CommandResult> {
    if (this.#state !== "idle") throw new Error(`run while the sandbox is ${this.#state}`);
    this.#state = "running";
    try {
      return await this.#run({ argv, env, graphical: this.#terms.graphical }, output);
    } finally {
      this.#state = "idle";
    }
  }

  async #run(command: Command, output: Writable): Promise<CommandResult> {
    this.#outlived = 0;
    const killsBefore = this.#kills;
    await this.#terms.isolated;
    const process = await this.#account.start(command);
    const startedAt = performance.now();
    const ended = process.exited.then(() => ({
      wallMs: Math.round(performance.now() - startedAt),
      aborted: this.#kills !== killsBefore,
    }));
    ended.catch(() => undefined); // copyOutput rejects for the same reason.
    try {
      if (this.#kills !== killsBefore) await this.#account.kill();
      const { exited, killed } = await copyOutput({
        source: process.output,
        sink: output,
        exited: process.exited,
        kill: () => this.#account.kill(),
      });
      this.#outlived = Math.max(0, killed - relays);
      const { signal, userMs, systemMs } = exited;
      const times = { userMs, systemMs, ...(await ended) };
      const isMissing = !times.aborted && (await lacksInterpreter(this.#account, command, exited.code));
      const code = isMissing ? null : exited.code;
      if (code === null && !times.aborted) await this.#sawScreen(command, killsBefore);
      return { code, signal, ...times };
    } catch (error) {
      if (!this.#account.lost.aborted) await this.#account.kill();
      throw error;
    } finally {
      process.output.destroy();
    }
  }

  /** A session that ends takes commands with it, or starts none: that is no fault of the task. Throws EngineError. */
  async #sawScreen({ graphical }: Command, killsBefore: number): Promise<void> {
    if (!graphical) return;
    try {
      await this.#terms.probeScreen().catch(async () => {
        // A task that left as many processes as its user may have keeps the look itself from being made.
        this.#outlived += await this.#account.kill();
        await this.#terms.probeScreen();
      });
    } catch (error) {
      if (this.#kills === killsBefore) throw error;
    }
  }

  async openShell(command: ShellCommand): Promise<Shell> {
    const over = (): boolean => this.#kills > 0 || this.#state === "finished";
    const ended = new EngineError("shell-failed", "The task has ended.");
    await this.#terms.isolated;
    if (over()) throw ended;
    const shell = await TaskShell.open(this.#account, command, this.#env, this.#terms.graphical);
    if (!over()) return shell;
    await shell.kill();
    throw ended;
  }

  async kill(): Promise<void> {
    this.#kills += 1;
    await this.#account.kill();
  }

  async finish(): Promise<ResultSet> {
    if (this.#state !== "idle") throw new Error(`finish while the sandbox is ${this.#state}`);
    this.#state = "finished";
    return new MacosxResultSet(this.#account, this.#terms.end, this.#outlived + (await this.#account.kill()));
  }

  dispose(): Promise<Gone> {
    this.#kills += 1;
    return this.#terms.end();
  }
}

class MacosxResultSet implements ResultSet {
  readonly leftover: number;
  readonly #account: TaskAccount;
  readonly #files: TaskFiles;
  readonly #end: End;

  constructor(account: TaskAccount, end: End, leftover: number) {
    this.#account = account;
    this.#files = new TaskFiles(account);
    this.#end = end;
    this.leftover = leftover;
  }

  openFile(path: string): Promise<TaskFile> {
    return this.#files.open(path);
  }

  listFolder(path: string): AsyncIterable<string> {
    return listTaskFolder(this.#account, path);
  }

  async dispose(): Promise<Gone> {
    await this.#files.close();
    return this.#end();
  }
}
