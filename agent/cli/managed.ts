/** What a worker has with worker-manager: credentials, and the question whether it should end. */

import { parseJson, record } from "../config/kinds.ts";
import type { AgentConfig } from "../config.ts";
import type { Logger } from "../logger.ts";
import type { Registration } from "../manager/check.ts";
import { ManagerClient } from "../manager/manager-client.ts";
import { Renewal, registered } from "../manager/renewal.ts";
import { TerminationWatch } from "../manager/termination-watch.ts";
import type { WorkerCredentials } from "../queue/worker-credentials.ts";
import { messageOf } from "../thrown.ts";
import type { Stopping } from "./stopping.ts";
import { EndError } from "./work-ends.ts";

/** Registers the worker and renews its credentials until it ends. Throws EndError. */
async function register(
  config: AgentConfig,
  credentials: WorkerCredentials,
  stopping: Stopping,
  logger: Logger,
): Promise<void> {
  const client = new ManagerClient(config);
  const ending = AbortSignal.any([stopping.gently, stopping.now]);
  const first = await registered(client, ending).catch((error: unknown) => {
    if (ending.aborted) return null;
    throw new EndError("not-registered", `worker-manager does not register this worker: ${messageOf(error)}`);
  });
  if (!first) return;
  credentials.replace(first.credentials);
  logger.info(`Registered with worker-manager until ${first.expires.toISOString()}.`);
  tellUnused(first, logger);
  // A worker that finishes its tasks still reports by theirs, and claims nothing.
  void new Renewal(client, first, credentials, logger).run(ending);
}

/** start-worker would put them over those of its file. */
function tellUnused({ workerConfig }: Registration, logger: Logger): void {
  const own = workerConfig["genericWorker"];
  const { config, files } = record.is(own) ? own : {};
  const names = [...(record.is(config) ? Object.keys(config) : []), ...(Array.isArray(files) ? ["files"] : [])];
  if (names.length === 0) return;
  const how = "set them in the worker's own file, or let start-worker start it";
  logger.warn(`worker-manager has settings for this worker pool that are not used (${names.join(", ")}): ${how}.`);
}

/** Workers with fixed credentials are none of worker-manager's. */
function isStandalone({ workerLocation }: AgentConfig): boolean {
  const location = parseJson(workerLocation);
  return record.is(location) && location["cloud"] === "standalone";
}

/** Has the worker end when worker-manager wants it, once it looks. */
function terminationWatch(
  config: AgentConfig,
  credentials: WorkerCredentials,
  stopping: Stopping,
  logger: Logger,
): TerminationWatch {
  const client = new ManagerClient(config);
  return new TerminationWatch(() => client.shouldTerminate(credentials.newest), {
    wanted: (why) => {
      const reason = { kind: "termination", message: `worker-manager wants the worker to end: ${why}` } as const;
      stopping.ask({ end: "worker-manager", finishTasks: true, reason });
    },
    failed: ({ status, code, message }) =>
      logger.warn({ status, code }, `worker-manager does not say whether this worker should end: ${message}`),
  });
}

/** Until the worker ends. Answers whom to ask whether it should; null where there is no worker-manager. Throws EndError. */
export async function beManaged(
  config: AgentConfig,
  credentials: WorkerCredentials,
  stopping: Stopping,
  hasRunner: boolean,
  logger: Logger,
): Promise<TerminationWatch | null> {
  const registers = config.staticSecret !== "" && !hasRunner;
  if (registers) await register(config, credentials, stopping, logger);
  if (!registers && (!hasRunner || isStandalone(config))) return null;
  return terminationWatch(config, credentials, stopping, logger);
}
