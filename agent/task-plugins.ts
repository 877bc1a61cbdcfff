/** The plugins of one run, stage by stage: the hooks of a stage run side by side, and what they throw becomes a cause. */
import type { ResultSet, Sandbox, SandboxBuilder } from "./engine/engine.ts";
import type { LogRow } from "./log-lines.ts";
import { type ExceptionReason, TaskError } from "./outcome.ts";
import type { Plugin, TaskPlugin } from "./plugins/plugin.ts";
import type { TaskContext } from "./task-context.ts";

/** A hook that ignores its aborted signal is left behind after this time. */
const GRACE_MS = 60_000;

interface Entry {
  readonly name: string;
  readonly hooks: TaskPlugin;
}

export class TaskPlugins {
  readonly #task: TaskContext;
  readonly #entries: Entry[] = [];
  readonly #failed: (error: unknown, where: string) => void;

  /** Makes the task plugins. `failed` gets whatever a plugin throws, here and in every stage. */
  constructor(plugins: readonly Plugin[], task: TaskContext, failed: (error: unknown, where: string) => void) {
    this.#task = task;
    this.#failed = failed;
    for (const plugin of plugins) {
      try {
        const hooks = plugin.newTaskPlugin(task);
        if (hooks) this.#entries.push({ name: plugin.name, hooks });
      } catch (error) {
        failed(error, plugin.name);
      }
    }
  }

  buildSandbox(builder: SandboxBuilder): Promise<void> {
    return this.#stage((hooks) => hooks.buildSandbox?.(builder));
  }

  started(sandbox: Sandbox): Promise<void> {
    return this.#stage((hooks) => hooks.started?.(sandbox));
  }

  /** To be called before each command, and its answer after it: rows for the command's block in the log. */
  command(): () => readonly LogRow[] {
    const ends = this.#entries.map(({ hooks }) => hooks.command?.());
    return () => ends.flatMap((end) => end?.() ?? []);
  }

  commandsEnded(): Promise<void> {
    return this.#stage((hooks) => hooks.commandsEnded?.());
  }

  stopped(result: ResultSet, success: boolean): Promise<void> {
    return this.#stage(async (hooks, name) => {
      if ((await hooks.stopped?.(result, success)) !== false) return;
      throw new TaskError("plugin-failed", `The ${name} of the task failed; the log says above why.`);
    });
  }

  finished(success: boolean): Promise<void> {
    return this.#stage((hooks) => hooks.finished?.(success));
  }

  exception(reason: ExceptionReason): Promise<void> {
    return this.#stage((hooks) => hooks.exception?.(reason));
  }

  dispose(): Promise<void> {
    return this.#stage((hooks) => hooks.dispose?.());
  }

  async #stage(hook: (hooks: TaskPlugin, name: string) => Promise<void> | undefined): Promise<void> {
    const { signal } = this.#task;
    await Promise.all(
      this.#entries.map(async ({ name, hooks }) => {
        try {
          await withGrace(hook(hooks, name), signal);
        } catch (error) {
          this.#failed(error, name);
        }
      }),
    );
  }
}

/** The promise, or an error when it has not settled a while after the signal was aborted. */
async function withGrace(promise: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  if (!promise) return;
  let timer: NodeJS.Timeout | undefined;
  const late = Promise.withResolvers<void>();
  const onAbort = () => {
    timer = setTimeout(
      () => late.reject(new TaskError("internal-error", "A part of the worker did not stop in time.")),
      GRACE_MS,
    );
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }
}
