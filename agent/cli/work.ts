/** `work macosx`, and `run` as generic-worker has it: the worker against the queue of a rootURL. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { shellWord } from "../../shared/shell-word.ts";
import { hostFacts } from "../host.ts";
import { createLogger, type Logger, logTo } from "../logger.ts";
import { Metrics } from "../metrics.ts";
import { WorkerCredentials } from "../queue/worker-credentials.ts";
import { StatusFile } from "../status/status-file.ts";
import { TaskCount } from "../task-count.ts";
import type { TaskEvent } from "../task-events.ts";
import { messageOf } from "../thrown.ts";
import type { WorkerStatus } from "../worker.ts";
import type { Context, Run } from "./command.ts";
import { CommandError, type ExitStatus, exitStatus } from "./exit-status.ts";
import { whenAborted } from "./interrupts.ts";
import { defaultLevel, levelOf } from "./logging-levels.ts";
import { beManaged } from "./managed.ts";
import { places } from "./places.ts";
import { launcherFrom, rootNeeded } from "./root-needed.ts";
import { RunnerSession } from "./runner-session.ts";
import { makeState } from "./state-directory.ts";
import { Stopping, type Wish } from "./stopping.ts";
import { tellInterrupts } from "./tell-interrupts.ts";
import { readWorkConfig } from "./work-config.ts";
import { EndError, machineWish, type WorkEnd, workEnds } from "./work-ends.ts";
import { workUntilEnd } from "./work-until-end.ts";

/** In what the two commands differ. */
interface Manners {
  readonly own: "work" | "run";
  /** SIGINT, or SIGTERM again. */
  readonly stop: Wish;
  /** SIGTERM, or the starter is gone. */
  readonly drain: Wish;
  readonly drainSignal: "SIGINT" | "SIGTERM";
}

const ofWork: Manners = {
  own: "work",
  stop: { end: "interrupted", finishTasks: false },
  drain: { end: "terminated", finishTasks: true },
  drainSignal: "SIGTERM",
};

/** generic-worker finishes its tasks on SIGINT, and ends them on SIGTERM. */
const ofRun: Manners = {
  own: "run",
  stop: { end: "interrupted", finishTasks: true },
  drain: { end: "terminated", finishTasks: false },
  drainSignal: "SIGINT",
};

function checkCommandLine({ arguments: parsed, argv, launch }: Context): void {
  const [engine = "macosx"] = parsed.operands;
  if (engine !== "macosx") {
    throw new CommandError(exitStatus.usage, `there is no engine "${engine}"; the one engine is macosx`);
  }
  if (parsed.flags.has("with-helper") && !launch.helper) {
    throw rootNeeded("--with-helper starts the helper, which only root can do", argv, process.cwd());
  }
}

/** For whoever has no helper at all: one can be started along, where that has not been done. */
function withAdvice(error: unknown, socket: string, { argv, launch }: Context): unknown {
  if (launch.helper || endOf(error) !== "no-helper" || existsSync(socket)) return error;
  const line = ["sudo", "-E", launcherFrom(process.cwd()), ...argv, "--with-helper"].map(shellWord).join(" ");
  const advice = `Where none is installed, --with-helper starts one: ${line}`;
  return new CommandError(exitStatus.unavailable, `${messageOf(error)} ${advice}`);
}

interface Told {
  readonly end: WorkEnd;
  readonly exitStatus: ExitStatus;
}

function endOf(error: unknown): WorkEnd {
  if (error instanceof EndError) return error.end;
  const isHelper = error instanceof CommandError && error.status === exitStatus.unavailable;
  return isHelper ? "no-helper" : "internal-error";
}

async function toldEnd(own: Manners["own"], work: Promise<WorkEnd>, tell: (told: Told) => void): Promise<ExitStatus> {
  try {
    const end = await work;
    tell({ end, exitStatus: workEnds[end][own] });
    return workEnds[end][own];
  } catch (error) {
    const end = endOf(error);
    tell({ end, exitStatus: workEnds[end][own] });
    throw error instanceof CommandError ? new CommandError(workEnds[end][own], error.message) : error;
  }
}

interface Work {
  readonly context: Context;
  readonly manners: Manners;
  readonly stopping: Stopping;
  /** Null where worker-runner has not started us. */
  readonly runner: RunnerSession | null;
  readonly logger: Logger;
  /** A line for whoever reads the worker's output; without its end. */
  readonly tell: (line: string) => void;
}

async function workWith({ context, manners, stopping, runner, logger, tell }: Work): Promise<ExitStatus> {
  const { own, drainSignal } = manners;
  const { launch } = context;
  const read = await readWorkConfig(context, own, (sentence) => logger.warn(sentence));
  if (!read) {
    runner?.failed("The worker is not configured: a setting is missing.");
    return workEnds["config-invalid"][own];
  }
  const { config, file } = read;
  const credentials = WorkerCredentials.configured(config);
  runner?.serve(config, credentials, logger);
  const instance = launch.helper?.instance ?? config.instance;
  const usual = places(process.platform, instance, homedir());
  const state = launch.state ?? usual.agentState;
  await makeState(state);
  // A session's directory may be the next session's, which is another worker.
  const count = new TaskCount(launch.helper ? null : state, logger);
  const status = new StatusFile({ directory: state, config, instance, count, drainSignal, logger });
  logger.info({ instance, workerId: config.workerId, state }, "The worker starts.");
  const metrics = new Metrics(config, tell);
  const setup = {
    config: { ...config, workerTypeMetadata: { ...(await hostFacts()), ...config.workerTypeMetadata } },
    credentials,
    socket: launch.helper?.socket ?? usual.socket,
    ...{ state, configFile: file, logger, count },
    events: (event: TaskEvent) => {
      status.take(event);
      metrics.take(event);
    },
    changed: (newest: WorkerStatus) => status.changed(newest),
  };
  const working = beManaged(config, credentials, stopping, runner !== null, logger).then((watch) => {
    const asking = watch ? { mayEnd: () => watch.confirms(), beforePoll: () => watch.look() } : {};
    return workUntilEnd({ ...setup, ...asking }, stopping, status, () => metrics.ready()).catch((error: unknown) => {
      throw withAdvice(error, setup.socket, context);
    });
  });
  return toldEnd(own, working, ({ end, exitStatus }) => {
    const machine = machineWish(end, config);
    if (machine === "shut-down") metrics.shutdown();
    logger.info({ end, exitStatus, machine }, workEnds[end].meaning.replaceAll("`", ""));
    if (machine === "shut-down") runner?.shutDown();
    status.end({ reason: end, exitStatus, machine });
  });
}

function command(manners: Manners): Run {
  return async (context) => {
    const { arguments: parsed, interrupts } = context;
    const level = levelOf(parsed.values.get("logging-level") ?? defaultLevel);
    checkCommandLine(context);
    const stopping = new Stopping();
    whenAborted(interrupts.stop, () => stopping.ask(manners.stop));
    whenAborted(interrupts.drain, () => stopping.ask(manners.drain));
    let runner: RunnerSession | null = null;
    try {
      if (parsed.flags.has("with-worker-runner")) runner = await RunnerSession.meet(stopping);
      const stderr = logTo(2);
      const logger = createLogger({ level, stream: runner?.log ?? stderr });
      tellInterrupts(interrupts, stopping, logger);
      const tell = (line: string) => {
        if (!runner?.line(line)) stderr.write(`${line}\n`);
      };
      return await workWith({ context, manners, stopping, runner, logger, tell });
    } catch (error) {
      runner?.failed(messageOf(error));
      if (error instanceof EndError) throw new CommandError(workEnds[error.end][manners.own], error.message);
      throw error;
    } finally {
      await runner?.close();
    }
  };
}

export const work = command(ofWork);
export const run = command(ofRun);
