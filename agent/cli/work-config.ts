/** The settings that `work` and `run` begin with, or the sentence that says why there are none. */
import { readFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { record } from "../config/kinds.ts";
import { ConfigError, loadConfig, missing } from "../config/load.ts";
import type { SecretReader } from "../config/transforms.ts";
import { translate } from "../config/translate.ts";
import type { AgentConfig } from "../config.ts";
import { readSecret } from "../queue/secrets.ts";
import { errorCode, messageOf } from "../thrown.ts";
import type { Context } from "./command.ts";
import { CommandError } from "./exit-status.ts";
import { workerIdOf } from "./local-names.ts";
import { readArgumentFile } from "./open-file.ts";
import { places } from "./places.ts";
import { launcherFrom } from "./root-needed.ts";
import { workEnds } from "./work-ends.ts";

const configFileBytes = 1024 * 1024;

/** Tasks at once of a session without a configuration file; the original worker had five places too. */
const sessionCapacity = 5;

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

/** The file of --config, or that of the installation where there is one. */
interface ConfigFile {
  readonly name: string;
  readonly text: string;
}

export interface WorkConfig {
  readonly config: AgentConfig;
  /** The file that it came from, if any. */
  readonly file: string | undefined;
}

async function configFile({ arguments: { values }, launch }: Context, own: Column): Promise<ConfigFile | null> {
  const path = values.get("config");
  if (path !== undefined) return { name: path, text: await readArgumentFile(launch, path, configFileBytes) };
  const usual = places(process.platform, "default", homedir()).workerConfig;
  try {
    return { name: usual, text: await readFile(usual, "utf8") };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw new CommandError(workEnds["config-not-loadable"][own], `${usual} cannot be read: ${messageOf(error)}`);
  }
}

function tellMissing(lacking: readonly string[], say: Context["say"]): void {
  say.error("the worker is not configured; these settings are missing:");
  for (const key of lacking)
    say.step(
      `  ${key.padEnd(16)}in a file for --config${variables[key] ? `, or ${variables[key]} in the environment` : ""}`,
    );
  const launcher = launcherFrom(process.cwd());
  say.step("for a session on this machine alone, with a queue of its own, use three terminals:");
  say.step(`  ${launcher} queue`);
  say.step(`  sudo -E ${launcher} work macosx --with-helper`);
  say.step(`  ${launcher} submit examples/hello.yml --wait`);
  say.step("the first prints lines for the other two to begin with");
}

/** Which of the two commands, as `workEnds` has it. */
type Column = "work" | "run";

type Notice = (sentence: string) => void;

/** For `{$secret: …}` in the file, with the credentials that it gives, or the environment. */
function secretReader({ env, interrupts }: Context): SecretReader {
  const signal = AbortSignal.any([interrupts.stop, interrupts.drain]);
  return (name, { rootURL, credentials }) => {
    const given = record.is(credentials) ? credentials : {};
    const value = (own: unknown, variable: string): string => (typeof own === "string" ? own : (env[variable] ?? ""));
    const certificate = value(given["certificate"], "TASKCLUSTER_CERTIFICATE");
    return readSecret(name, {
      signal,
      rootUrl: value(rootURL, "TASKCLUSTER_ROOT_URL"),
      credentials: {
        clientId: value(given["clientId"], "TASKCLUSTER_CLIENT_ID"),
        accessToken: value(given["accessToken"], "TASKCLUSTER_ACCESS_TOKEN"),
        ...(certificate === "" ? {} : { certificate }),
      },
    });
  };
}

async function load(context: Context, own: Column, found: ConfigFile | null, notice: Notice): Promise<AgentConfig> {
  const { env } = context;
  try {
    const file = found && (await translate(found, { env, secret: secretReader(context) }, notice));
    const flags = file === null && context.launch.helper ? { capacity: sessionCapacity } : {};
    // generic-worker's tasks have the screen unless its configuration says otherwise.
    const defaults = { headlessTasks: own === "work" };
    return loadConfig({ defaults, flags, env, notice, ...(file ? { file } : {}) });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const end = error.isLoadable ? "config-invalid" : "config-not-loadable";
    throw new CommandError(workEnds[end][own], error.errors.join(" "));
  }
}

/**
 * `notice` hears what has no effect, or comes from elsewhere. Null when something is missing, which is said then. Throws
 * CommandError.
 */
export async function readWorkConfig(
  context: Context,
  own: Column,
  notice: (sentence: string) => void,
): Promise<WorkConfig | null> {
  const file = await configFile(context, own);
  const found = await load(context, own, file, notice);
  const config = { ...found, workerId: found.workerId || (found.rootURL === "" ? "" : workerIdOf(hostname())) };
  const lacking = missing(config);
  if (lacking.length === 0) return { config, file: file?.name };
  tellMissing(lacking, context.say);
  return null;
}
