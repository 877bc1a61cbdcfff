/** `work macosx`, and `run` as generic-worker has it: the worker against the queue of a rootURL. */
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { hostFacts } from "../host.ts";
import { createLogger, type Logger, type LogLevel } from "../logger.ts";
import { Metrics } from "../metrics.ts";
import { StatusFile } from "../status/status-file.ts";
import { TaskCount } from "../task-count.ts";
import type { TaskEvent } from "../task-events.ts";
import type { WorkerStatus } from "../worker.ts";
import type { Context, Run } from "./command.ts";
import { didYouMean } from "./did-you-mean.ts";
import { CommandError, type ExitStatus, exitStatus } from "./exit-status.ts";
import { type Interrupts, whenAborted } from "./interrupts.ts";
import { places } from "./places.ts";
import { rootNeeded } from "./root-needed.ts";
import { startWorker, type WorkerSetup } from "./start-worker.ts";
import { readWorkConfig } from "./work-config.ts";
import { machineWish, type WorkEnd, workEnds } from "./work-ends.ts";

/** launchd starts helper and agent side by side, and the agent again when it was too early. */
const firstHelperMs = 5_000;
/** A helper that follows a killed one first ends what that one left, which takes a minute at worst for each user. */
const nextHelperMs = 300_000;

/** The levels of taskcluster-worker, and what they are called here. */
const levels: Readonly<Record<string, LogLevel>> = {
  panic: "fatal",
  fatal: "fatal",
  error: "error",
  warning: "warn",
  warn: "warn",
  info: "info",
  debug: "debug",
};

/** In what the two commands differ. */
interface Manners {
  readonly own: "work" | "run";
  /** Ends the tasks under way. */
  readonly now: (interrupts: Interrupts) => AbortSignal;
  /** Lets them finish. */
  readonly gently: (interrupts: Interrupts) => AbortSignal;
  readonly drainSignal: "SIGINT" | "SIGTERM";
}

const ofWork: Manners = {
  own: "work",
  now: ({ stop }) => stop,
  gently: ({ drain }) => drain,
  drainSignal: "SIGTERM",
};

/** generic-worker finishes its tasks on SIGINT, and ends them on SIGTERM. */
const ofRun: Manners = { own: "run", now: ({ drain }) => drain, gently: ({ stop }) => stop, drainSignal: "SIGINT" };

function levelOf(name: string): LogLevel {
  const level = levels[name.toLowerCase()];
  if (level) return level;
  const known = Object.keys(levels);
  const what = `"${name}" is no logging level${didYouMean(name, known)}; the levels are ${known.join(", ")}`;
  throw new CommandError(exitStatus.usage, what);
}

function checkCommandLine({ arguments: parsed, argv, launch }: Context): void {
  const [engine = "macosx"] = parsed.operands;
  if (engine !== "macosx") {
    throw new CommandError(exitStatus.usage, `there is no engine "${engine}"; the one engine is macosx`);
  }
  if (parsed.flags.has("with-helper") && !launch.helper) {
    throw rootNeeded("--with-helper starts the helper, which only root can do", argv, process.cwd());
  }
}

/** One worker after the other, until one ends for another reason than a lost helper. Throws CommandError. */
async function workUntilEnd(
  setup: Omit<WorkerSetup, "helperMs" | "signal">,
  manners: Manners,
  interrupts: Interrupts,
  status: StatusFile,
  ready: () => void,
): Promise<WorkEnd> {
  const [now, gently] = [manners.now(interrupts), manners.gently(interrupts)];
  const ending = AbortSignal.any([now, gently]);
  for (let helperMs = firstHelperMs; !ending.aborted; helperMs = nextHelperMs) {
    const started = await startWorker({ ...setup, helperMs, signal: ending }).catch((error: unknown) => {
      if (ending.aborted) return null;
      throw error;
    });
    if (!started) break;
    if (helperMs === firstHelperMs) ready();
    const { worker, lost, unsafe, finish } = started;
    whenAborted(gently, () => worker.stopGracefully());
    whenAborted(now, () => worker.stopNow());
    const end = await finish();
    if (unsafe.aborted) return "internal-error";
    if (ending.aborted) break;
    if (end !== "stopped") return end;
    if (!lost.aborted) return "terminated";
    setup.logger.warn("The helper was lost, and with it every run. Waiting for its successor.");
    status.idle({ kind: "no-helper" });
  }
  const first = now.aborted ? now : gently;
  return first === interrupts.stop ? "interrupted" : "terminated";
}

interface Told {
  readonly end: WorkEnd;
  readonly exitStatus: ExitStatus;
}

async function toldEnd(own: Manners["own"], work: Promise<WorkEnd>, tell: (told: Told) => void): Promise<ExitStatus> {
  try {
    const end = await work;
    tell({ end, exitStatus: workEnds[end][own] });
    return workEnds[end][own];
  } catch (error) {
    const isHelper = error instanceof CommandError && error.status === exitStatus.unavailable;
    const end = isHelper ? "no-helper" : "internal-error";
    tell({ end, exitStatus: workEnds[end][own] });
    throw error instanceof CommandError ? new CommandError(workEnds[end][own], error.message) : error;
  }
}

function command(manners: Manners): Run {
  const { own, drainSignal } = manners;
  return async (context) => {
    const { arguments: parsed, launch, say, interrupts } = context;
    const logger: Logger = createLogger({ level: levelOf(parsed.values.get("logging-level") ?? "info") });
    checkCommandLine(context);
    const read = await readWorkConfig(context, own, (sentence) => logger.warn(sentence));
    if (!read) return workEnds["config-invalid"][own];
    const { config, file } = read;
    const instance = launch.helper?.instance ?? config.instance;
    const usual = places(process.platform, instance, homedir());
    const state = launch.state ?? usual.agentState;
    await mkdir(state, { recursive: true, mode: 0o700 });
    // A session's directory may be the next session's, which is another worker.
    const count = new TaskCount(launch.helper ? null : state, logger);
    const status = new StatusFile({ directory: state, config, instance, count, drainSignal, logger });
    logger.info({ instance, workerId: config.workerId, state }, "The worker starts.");
    const metrics = new Metrics(config, (line) => say.step(line));
    const setup = {
      config: { ...config, workerTypeMetadata: { ...(await hostFacts()), ...config.workerTypeMetadata } },
      socket: launch.helper?.socket ?? usual.socket,
      ...{ state, configFile: file, logger, count },
      events: (event: TaskEvent) => {
        status.take(event);
        metrics.take(event);
      },
      changed: (newest: WorkerStatus) => status.changed(newest),
    };
    const working = workUntilEnd(setup, manners, interrupts, status, () => metrics.ready());
    return toldEnd(own, working, ({ end, exitStatus }) => {
      const machine = machineWish(end, config);
      if (machine === "shut-down") metrics.shutdown();
      logger.info({ end, exitStatus, machine }, workEnds[end].meaning.replaceAll("`", ""));
      status.end({ reason: end, exitStatus, machine });
    });
  };
}

export const work = command(ofWork);
export const run = command(ofRun);
