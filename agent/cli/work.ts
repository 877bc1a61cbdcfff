/** `work macosx`: the worker against the queue of a rootURL. */
import { readFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { ConfigError, loadConfig, missing } from "../config/load.ts";
import type { AgentConfig } from "../config.ts";
import { hostFacts } from "../host.ts";
import { createLogger, type LogLevel } from "../logger.ts";
import { errorCode, messageOf } from "../thrown.ts";
import type { Context } from "./command.ts";
import { didYouMean } from "./did-you-mean.ts";
import { CommandError, type ExitStatus, exitStatus } from "./exit-status.ts";
import { whenAborted } from "./interrupts.ts";
import { workerIdOf } from "./local-names.ts";
import { readArgumentFile } from "./open-file.ts";
import { places } from "./places.ts";
import { launcherFrom, rootNeeded } from "./root-needed.ts";
import { startWorker } from "./start-worker.ts";

const configFileBytes = 1024 * 1024;

/** launchd starts helper and agent side by side, and the agent again when it was too early. */
const firstHelperMs = 5_000;
/** A helper that follows a killed one first ends what that one left, which takes a minute at worst for each user. */
const nextHelperMs = 300_000;

/** Tasks at once of a session without a configuration file; the original worker had five places too. */
const sessionCapacity = 5;

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

/** Which variable sets what is missing. */
const variables: Readonly<Record<string, string>> = {
  rootURL: "TASKCLUSTER_ROOT_URL",
  clientId: "TASKCLUSTER_CLIENT_ID",
  accessToken: "TASKCLUSTER_ACCESS_TOKEN",
  provisionerId: "TASKCLUSTER_WORKER_POOL_ID",
  workerType: "TASKCLUSTER_WORKER_POOL_ID",
  workerGroup: "TASKCLUSTER_WORKER_GROUP",
  workerId: "TASKCLUSTER_WORKER_ID",
};

function levelOf(name: string): LogLevel {
  const level = levels[name.toLowerCase()];
  if (level) return level;
  const known = Object.keys(levels);
  const what = `"${name}" is no logging level${didYouMean(name, known)}; the levels are ${known.join(", ")}`;
  throw new CommandError(exitStatus.usage, what);
}

/** The file of --config, or that of the installation where there is one. */
interface ConfigFile {
  readonly name: string;
  readonly text: string;
}

async function configFile({ arguments: { values }, launch }: Context, usual: string): Promise<ConfigFile | null> {
  const path = values.get("config");
  if (path !== undefined) return { name: path, text: await readArgumentFile(launch, path, configFileBytes) };
  try {
    return { name: usual, text: await readFile(usual, "utf8") };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw new CommandError(exitStatus.misconfigured, `${usual} cannot be read: ${messageOf(error)}`);
  }
}

function notConfigured(lacking: readonly string[], say: Context["say"]): ExitStatus {
  say.error("the worker is not configured; these settings are missing:");
  for (const key of lacking)
    say.step(`  ${key.padEnd(16)}in a file for --config, or ${variables[key]} in the environment`);
  const launcher = launcherFrom(process.cwd());
  say.step("for a session on this machine alone, with a queue of its own, use three terminals:");
  say.step(`  ${launcher} queue`);
  say.step(`  sudo -E ${launcher} work macosx --with-helper`);
  say.step(`  ${launcher} submit examples/hello.yml --wait`);
  say.step("the first prints lines for the other two to begin with");
  return exitStatus.misconfigured;
}

/** `notice` hears what has no effect. */
function configOf(context: Context, file: ConfigFile | null, notice: (sentence: string) => void): AgentConfig {
  try {
    const flags = file === null && context.launch.helper ? { capacity: sessionCapacity } : {};
    return loadConfig({ flags, env: context.env, notice, ...(file ? { file } : {}) });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(exitStatus.misconfigured, error.errors.join(" "));
  }
}

/** What `work` and `run` do once their command lines are read. */
export async function work(context: Context): Promise<ExitStatus> {
  const { arguments: parsed, argv, launch, say, interrupts } = context;
  const [engine = "macosx"] = parsed.operands;
  if (engine !== "macosx") {
    throw new CommandError(exitStatus.usage, `there is no engine "${engine}"; the one engine is macosx`);
  }
  const level = levelOf(parsed.values.get("logging-level") ?? "info");
  if (parsed.flags.has("with-helper") && !launch.helper) {
    throw rootNeeded("--with-helper starts the helper, which only root can do", argv, process.cwd());
  }
  const file = await configFile(context, places(process.platform, "default", homedir()).workerConfig);
  const logger = createLogger({ level });
  const found = configOf(context, file, (sentence) => logger.warn(sentence));
  const config = { ...found, workerId: found.workerId || (found.rootURL === "" ? "" : workerIdOf(hostname())) };
  const lacking = missing(config);
  if (lacking.length > 0) return notConfigured(lacking, say);
  const own = places(process.platform, launch.helper?.instance ?? config.instance, homedir());
  const setup = {
    config: { ...config, workerTypeMetadata: { ...(await hostFacts()), ...config.workerTypeMetadata } },
    socket: launch.helper?.socket ?? own.socket,
    state: launch.state ?? own.agentState,
    configFile: file?.name,
    logger,
    events: () => {},
  };
  const ending = AbortSignal.any([interrupts.stop, interrupts.drain]);
  for (let helperMs = firstHelperMs; !ending.aborted; helperMs = nextHelperMs) {
    const started = await startWorker({ ...setup, helperMs, signal: ending }).catch((error: unknown) => {
      if (ending.aborted) return null;
      throw error;
    });
    if (!started) break;
    const { worker, lost, unsafe, finish } = started;
    whenAborted(interrupts.drain, () => worker.stopGracefully());
    whenAborted(interrupts.stop, () => worker.stopNow());
    const end = await finish();
    logger.info({ end }, "The worker has ended.");
    if (unsafe.aborted) return exitStatus.internal;
    if (!lost.aborted || ending.aborted) break;
    logger.warn("The helper was lost, and with it every run. Waiting for its successor.");
  }
  return interrupts.stop.aborted ? exitStatus.interrupted : exitStatus.completed;
}
