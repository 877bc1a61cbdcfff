/** What each setting may be and means. docs/configuration.md is generated from this table. */
import type { AgentConfig } from "../config.ts";
import {
  anyText,
  boolean,
  identifier,
  ipAddress,
  type Kind,
  matching,
  number,
  parseJson,
  port,
  record,
  text,
} from "./kinds.ts";
import { pluginSettings } from "./plugin-settings.ts";

interface Setting<T> extends Kind<T> {
  /** For the documentation: what it is of, or what it does. Begins with "not yet" as long as nothing reads it. */
  readonly meaning: string;
}

function means<T>(meaning: string, kind: Kind<T>): Setting<T> {
  return { ...kind, meaning };
}

const dialect: Kind<AgentConfig["dialect"]> = {
  mustBe: '"generic-worker" or "taskcluster-worker"',
  is: (value): value is AgentConfig["dialect"] => value === "generic-worker" || value === "taskcluster-worker",
  fromText: (value) => value,
};

const workerType = matching(
  "1 to 38 small letters, digits or -, with a letter first and no - at the end",
  /^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$/,
);
const url = text("an http or https URL without a name, a password or a query", (value) => {
  const parsed = URL.parse(value);
  return !!parsed && /^https?:$/.test(parsed.protocol) && !/[?#@\s]/.test(value);
});
const clientId = matching("the name of a client, like project/mac/worker-1", /^[A-Za-z0-9!@/:.+|_-]+$/);
const accessToken = matching("22 to 66 letters, digits, - or _", /^[A-Za-z0-9_-]{22,66}$/);
const certificate = text("the JSON text of a certificate", (value) => record.is(parseJson(value)));
const staticSecret = matching("44 letters, digits, - or _", /^[A-Za-z0-9_-]{44}$/);
const instance = matching("1 to 32 small letters, digits or -", /^[a-z0-9][a-z0-9-]{0,31}$/);
const DAY = 86_400;

/** One row per setting; the compiler misses none. */
export const settings: { readonly [K in keyof AgentConfig]: Setting<AgentConfig[K]> } = {
  rootURL: means("of the Taskcluster deployment", url),
  clientId: means("of the worker", clientId),
  accessToken: means("of the worker; never logged, never given to a task", accessToken),
  certificate: means("of temporary credentials", certificate),
  providerId: means("worker-manager's name for the static provider that the worker registers with", identifier),
  staticSecret: means(
    "of this worker at that provider; worker-manager then gives the credentials, and renews them",
    staticSecret,
  ),
  provisionerId: means("first half of the worker pool's name", identifier),
  workerType: means("second half", workerType),
  workerGroup: means("of this worker", identifier),
  workerId: means("of this worker", identifier),
  capacity: means("tasks at once; not more than `maxUsers` of the helper", number(1, 255, true)),
  headlessTasks: means(
    "false: tasks need a screen, and root has to give it; at most `maxGraphical` of the helper at once then. `run` has the default false, `work` true",
    boolean,
  ),
  maxTaskRunTime: means("longest `maxRunTime` of a task, in seconds", number(1, 30 * DAY, true)),
  publicIP: means('where readers reach the live logs and shells; "" binds them to loopback', ipAddress),
  livelogExposePort: means("of the live logs; 0 is a random port", port),
  enableLiveLog: means("whether tasks can have live logs", boolean),
  createObjectArtifacts: means("true: artifacts go to the object service, not to S3, and none is compressed", boolean),
  enableInteractive: means("whether tasks can have interactive shells", boolean),
  interactivePort: means("of the interactive shells; 0 is a random port", port),
  enableMetadata: means(
    "whether `generic-worker-metadata.json` beside the worker's other files has the address of its last task",
    boolean,
  ),
  enableResourceMonitor: means(
    "whether tasks can have the machine's memory watched: figures in their logs, and an end when there is too little",
    boolean,
  ),
  disableOOMProtection: means("true: when memory is short, the task that has most of it is warned, not ended", boolean),
  maxMemoryUsagePercent: means(
    "of the machine; memory is short when more than that is used and …",
    number(0, 100, true),
  ),
  minAvailableMemoryBytes: means("… less than this is available …", number(0, 1e15, true)),
  allowedHighMemoryDurationSecs: means("… for longer than so many seconds", number(0, DAY, true)),
  workerTypeMetadata: means(
    "printed at the head of every task log, with an entry `taskcluster-worker` of our own: version, system, Node",
    record,
  ),
  requiredDiskSpaceMegabytes: means("no claims while less is free; MB of 1,000,000 bytes", number(0, 1e9, true)),
  maxLogBytes: means("a task that writes more to its log fails", number(1_000_000, 1e15, true)),
  workerLocation: means("TASKCLUSTER_WORKER_LOCATION of every task", anyText),
  instanceType: means("TASKCLUSTER_INSTANCE_TYPE of every task; in `WORKER_METRICS`", anyText),
  instanceId: means("of this machine; `status --json` shows it", anyText),
  region: means("of this machine; in `WORKER_METRICS`", anyText),
  availabilityZone: means("of this machine; `status --json` shows it", anyText),
  privateIP: means("of this machine; `status --json` shows it", ipAddress),
  runAfterUserCreation: means("a program that each task user runs before its task's first command", anyText),
  numberOfTasksToRun: means(
    "the worker ends after so many, counted across restarts in `tasks-resolved-count.txt`, which may be removed; 0: never",
    number(0, 1e9, true),
  ),
  drainLimitSecs: means(
    "a worker that was told to drain ends its tasks after so long, as worker-shutdown; 0: after `maxTaskRunTime` and 300 s",
    number(0, 31 * DAY, true),
  ),
  idleTimeoutSecs: means("the worker ends after so long without a task; 0: never", number(0, 365 * DAY, true)),
  shutdownMachineOnIdle: means("the worker's end by `idleTimeoutSecs` asks for the machine to be shut down", boolean),
  shutdownMachineOnInternalError: means("an end that is our fault asks for it", boolean),
  dialect: means("of a payload that shows none by itself", dialect),
  plugins: means("of taskcluster-worker's plugins, by their names: [plugins.md](plugins.md#settings)", pluginSettings),
  pollingInterval: means("least seconds between two claim calls that brought nothing", number(0.1, 600, false)),
  reclaimOffset: means(
    "a claim is renewed so many seconds before its end, half-way at the latest",
    number(0, 1_200, false),
  ),
  cancelCheckSecs: means("seconds between two looks at a running task's status", number(1, 600, false)),
  instance: means("which helper on this machine; `--with-helper` ignores it", instance),
};
