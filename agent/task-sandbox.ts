/** What holds the task user of one run: the builder, then the sandbox, then the result set; and its end. */
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import type { Gone } from "../shared/protocol/messages.ts";
import type { Engine, ResultSet, Sandbox, SandboxBuilder, TaskUser } from "./engine/engine.ts";
import { contextKind } from "./link/context-kind.ts";
import { downloadLink } from "./link/download-link.ts";
import { maskAddress, parseAddress } from "./link/link-address.ts";
import { TaskError } from "./outcome.ts";
import { runCommands } from "./task-commands.ts";
import type { TaskContext } from "./task-context.ts";
import type { TaskPlugins } from "./task-plugins.ts";

/** Less than `requiredDiskSpaceMegabytes`, so that one context does not fill a disk. */
const UNPACKED_BYTES = 8 * 1024 ** 3;
const UNPACK_MS = 10 * 60_000;

export class TaskSandbox {
  readonly #builder: SandboxBuilder;
  #sandbox: Sandbox | null = null;
  #holder: { dispose(): Promise<Gone> };
  #linked: string | null = null;

  /** Takes or makes a task user; `signal` ends the wait for one that is free. Throws EngineError, or the signal's reason. */
  static async make(engine: Engine, signal: AbortSignal): Promise<TaskSandbox> {
    return new TaskSandbox(await engine.newSandboxBuilder(signal));
  }

  private constructor(builder: SandboxBuilder) {
    this.#builder = builder;
    this.#holder = builder;
  }

  get user(): TaskUser {
    return this.#builder.user;
  }

  buildSandbox(plugins: TaskPlugins): Promise<void> {
    return plugins.buildSandbox(this.#builder);
  }

  /** Downloads the payload's context, if there is one, and unpacks it into the home. Throws TaskError, EngineError. */
  async placeContext({ payload, signal, scratch, log }: TaskContext): Promise<void> {
    if (payload.context === undefined) return;
    log.info(`Downloading ${maskAddress(parseAddress(payload.context, "context"))}`);
    const tell = (line: string) => log.info(line);
    const download = { noun: "context", url: payload.context, toDir: scratch, signal, log: tell } as const;
    const { path, name: given, bytes } = await downloadLink(download);
    const { kind, name } = contextKind(given);
    const body = createReadStream(path);
    if (kind === "file") await this.#builder.placeFile({ name, body, mode: 0o755 });
    else await this.#builder.unpack({ kind, name, mostBytes: UNPACKED_BYTES, mostMs: UNPACK_MS }, body, signal);
    await rm(path);
    const done = kind === "file" ? `Placed ${given} (${bytes} bytes)` : `Unpacked ${given} (${bytes} bytes)`;
    log.info(`${done} in the home of the task.`);
  }

  /** Downloads the payload's link, if there is one, and puts it into the home, executable. Throws TaskError, EngineError. */
  async placeLink({ payload, signal, scratch, log }: TaskContext): Promise<void> {
    if (!payload.link) return;
    log.info(`Downloading ${maskAddress(parseAddress(payload.link.url, "link"))}`);
    const tell = (line: string) => log.info(line);
    const { path, name, bytes } = await downloadLink({
      ...{ noun: "link", ...payload.link, toDir: scratch },
      ...{ signal, log: tell },
    });
    await this.#builder.placeFile({ name, body: createReadStream(path), mode: 0o755 });
    await rm(path);
    log.info(`Placed ${name} (${bytes} bytes) in the home of the task.`);
    this.#linked = name;
  }

  async start(plugins: TaskPlugins): Promise<void> {
    this.#sandbox = this.#builder.startSandbox();
    this.#holder = this.#sandbox;
    await plugins.started(this.#sandbox);
  }

  /** Only after `start`. `ending` tells whether the run is over anyway. Throws TaskError, EngineError. */
  async runCommands({ payload, log }: TaskContext, plugins: TaskPlugins, ending: () => boolean): Promise<void> {
    if (!this.#sandbox) throw new TaskError("internal-error", "The commands came before their sandbox.");
    const commands = payload.commands.length > 0 ? payload.commands : [[`./${this.#linked}`]];
    await runCommands(commands, payload, this.#sandbox, log, ending, () => plugins.command());
  }

  /** Kills what runs now; nothing before `start` and after `finish`. Throws EngineError. */
  async kill(): Promise<void> {
    await this.#sandbox?.kill();
  }

  /** Kills what is left; from here on the task's files can be read. Only after `start`. Throws EngineError. */
  async finish(): Promise<ResultSet | null> {
    const sandbox = this.#sandbox;
    if (!sandbox) return null;
    const result = await sandbox.finish();
    this.#sandbox = null;
    this.#holder = result;
    return result;
  }

  /** Ends the task user, whatever holds it. Throws EngineError. */
  dispose(): Promise<Gone> {
    return this.#holder.dispose();
  }
}
