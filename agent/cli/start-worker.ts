/** Puts the worker together: engine, plugins, live logs, the claim loop. `work` and `run-task` differ in their settings only. */
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { AgentConfig } from "../config.ts";
import { EngineError } from "../engine/engine.ts";
import { type MacosxEngine, startMacosxEngine } from "../engine/macosx.ts";
import { LazyShellServer } from "../http/lazy-shell-server.ts";
import { type AgentServer, startServer } from "../http/server.ts";
import type { Logger } from "../logger.ts";
import { newPlugins } from "../plugins/plugins.ts";
import { QueueClient } from "../queue/queue-client.ts";
import type { WorkerCredentials } from "../queue/worker-credentials.ts";
import type { TaskCount } from "../task-count.ts";
import type { TaskEvents } from "../task-events.ts";
import { messageOf } from "../thrown.ts";
import { Worker, type WorkerEnd, type WorkerStatus } from "../worker.ts";
import { CommandError, exitStatus } from "./exit-status.ts";
import { whenAborted } from "./interrupts.ts";
import { runsDirectory } from "./state-directory.ts";
import { PluginControl } from "./worker-control.ts";

export interface WorkerSetup {
  readonly config: AgentConfig;
  /** In place of the configuration's, for those that are replaced. */
  readonly credentials?: WorkerCredentials;
  /** The helper's socket. */
  readonly socket: string;
  /** The agent's own directory; made when it is missing. */
  readonly state: string;
  /** The file that the configuration came from, if any. */
  readonly configFile?: string | undefined;
  readonly logger: Logger;
  /** How long a helper that is not there yet is waited for. */
  readonly helperMs: number;
  /** Ends that wait, and the one for the first task user. */
  readonly signal?: AbortSignal;
  readonly events: TaskEvents;
  /** For `numberOfTasksToRun`. */
  readonly count: TaskCount;
  /** Whether a worker that was idle for long may end. */
  readonly mayEnd?: (() => Promise<boolean>) | undefined;
  /** Waited for before each poll. */
  readonly beforePoll?: (() => Promise<void>) | undefined;
  readonly changed?: (status: WorkerStatus) => void;
}

export interface StartedWorker {
  readonly worker: Worker;
  /** Aborted when the helper is lost; the worker then claims nothing more. */
  readonly lost: AbortSignal;
  /** Aborted when tasks are not isolated; the worker then claims nothing more. */
  readonly unsafe: AbortSignal;
  /** Runs until the worker ends, then closes everything that was started for it. */
  finish(): Promise<WorkerEnd>;
}

async function serverOrNone(config: AgentConfig, logger: Logger): Promise<AgentServer | null> {
  try {
    return await startServer(config);
  } catch (error) {
    logger.error(messageOf(error));
    return null;
  }
}

/** A task that the helper has no user for, or no place in the graphics session, would be claimed for nothing. */
function capacityOf({ capacity, headlessTasks }: AgentConfig, engine: MacosxEngine, logger: Logger): number {
  const isBounded = !headlessTasks && engine.graphical && engine.maxGraphical < engine.maxUsers;
  const key = isBounded ? "maxGraphical" : "maxUsers";
  const most = engine[key];
  if (capacity > most) {
    logger.warn(`capacity is ${capacity}, but ${key} of the helper is ${most}: ${most} tasks run at once.`);
  }
  return Math.min(capacity, most);
}

/** An engine whose first task user could do nothing that no task may do. Throws EngineError. */
async function isolatedEngine(setup: WorkerSetup, scratchRoot: string): Promise<MacosxEngine> {
  const { socket, state, logger, helperMs, signal, configFile } = setup;
  const agentFiles = [state, scratchRoot, ...(configFile === undefined ? [] : [resolve(configFile)])];
  const graphicalTasks = !setup.config.headlessTasks;
  const options = { socketPath: socket, log: logger, deadlineMs: helperMs, signal, agentFiles, graphicalTasks };
  const engine = await startMacosxEngine(options);
  try {
    await engine.ready(signal);
    return engine;
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

/**
 * Throws CommandError `unavailable` when there is no helper to talk to, `internal` when tasks would not be isolated or
 * could have no files.
 */
export async function startWorker(setup: WorkerSetup): Promise<StartedWorker> {
  const { state, logger, events, count, mayEnd, beforePoll, changed } = setup;
  const scratchRoot = await runsDirectory(state);
  const engine = await isolatedEngine(setup, scratchRoot).catch(async (error: unknown) => {
    await rm(scratchRoot, { recursive: true, force: true });
    if (!(error instanceof EngineError)) throw error;
    if (error.code === "isolation-broken") throw new CommandError(exitStatus.internal, error.message);
    throw new CommandError(exitStatus.unavailable, `the helper cannot be used: ${error.message}`);
  });
  const config = { ...setup.config, capacity: capacityOf(setup.config, engine, logger) };
  const server = await serverOrNone(config, logger);
  const shells = config.enableInteractive ? new LazyShellServer(config) : null;
  const control = new PluginControl();
  const liveLogs = server?.liveLogs ?? null;
  const plugins = newPlugins({ liveLogs, shells, settings: config.plugins, worker: control, state });
  const services = { config, engine, plugins, logger, scratchRoot, events };
  const client = new QueueClient(config, setup.credentials);
  const worker = new Worker({ ...services, client, count, mayEnd, beforePoll, ...(changed ? { changed } : {}) });
  whenAborted(engine.lost, () => worker.endRuns());
  whenAborted(engine.unsafe, () =>
    worker.stopGracefully({ kind: "not-isolated", message: messageOf(engine.unsafe.reason) }),
  );
  return {
    worker,
    lost: engine.lost,
    unsafe: engine.unsafe,
    finish: async () => {
      try {
        return await control.run(worker);
      } finally {
        for (const { close } of plugins) close?.();
        await engine
          .dispose()
          .catch((error: unknown) => logger.error({ err: error }, "The engine did not end cleanly."));
        await server?.close();
        await shells?.close();
        await rm(scratchRoot, { recursive: true, force: true });
      }
    },
  };
}
