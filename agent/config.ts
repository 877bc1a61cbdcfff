/** The agent's settings, under generic-worker's names. `config/load.ts` makes them; nothing else reads the environment. */
import type { PluginSettings } from "./config/plugin-settings.ts";
import type { Dialect } from "./payload/payload.ts";

/** A text that was not set is "". Only settings that have an effect are here. */
export interface AgentConfig {
  readonly rootURL: string;
  readonly clientId: string;
  readonly accessToken: string;
  /** JSON text; "" with permanent credentials. */
  readonly certificate: string;
  /** Of worker-manager, where the worker registers itself; "" where it does not. */
  readonly providerId: string;
  /** What worker-manager knows this worker by; it then gives credentials in place of those above. */
  readonly staticSecret: string;
  readonly provisionerId: string;
  readonly workerType: string;
  readonly workerGroup: string;
  readonly workerId: string;
  /** Tasks at once. */
  readonly capacity: number;
  /** False: tasks need a screen, so the worker claims nothing where it has none to give. */
  readonly headlessTasks: boolean;
  /** Longest `maxRunTime` that a task may ask for, in seconds. */
  readonly maxTaskRunTime: number;
  /** Where readers reach the live logs; "" binds them to loopback. */
  readonly publicIP: string;
  /** 0: a random port. */
  readonly livelogExposePort: number;
  readonly enableLiveLog: boolean;
  /** Files go to the object service, not to S3. */
  readonly createObjectArtifacts: boolean;
  readonly enableInteractive: boolean;
  readonly interactivePort: number;
  readonly enableMetadata: boolean;
  readonly enableResourceMonitor: boolean;
  /** A task that uses too much memory is warned, not ended. */
  readonly disableOOMProtection: boolean;
  readonly maxMemoryUsagePercent: number;
  readonly minAvailableMemoryBytes: number;
  readonly allowedHighMemoryDurationSecs: number;
  /** Printed at the head of every task log. */
  readonly workerTypeMetadata: Readonly<Record<string, unknown>>;
  /** No claims while the volume of the agent's state or of the homes has less free, in MB of 1,000,000 bytes. */
  readonly requiredDiskSpaceMegabytes: number;
  /** A task that writes more to its log fails. */
  readonly maxLogBytes: number;
  /** TASKCLUSTER_WORKER_LOCATION of every task; "" leaves it out. */
  readonly workerLocation: string;
  /** TASKCLUSTER_INSTANCE_TYPE of every task; "" leaves it out. */
  readonly instanceType: string;
  /** Facts about the machine, for whoever watches it. */
  readonly instanceId: string;
  readonly region: string;
  readonly availabilityZone: string;
  readonly privateIP: string;
  /** A program that each task user runs before its task's first command; "" for none. */
  readonly runAfterUserCreation: string;
  /** The worker ends after this many tasks; 0: never. */
  readonly numberOfTasksToRun: number;
  /** A worker that drains for so long ends its tasks, in seconds; 0: after `maxTaskRunTime` and five minutes. */
  readonly drainLimitSecs: number;
  /** The worker ends after this long without a task, in seconds; 0: never. */
  readonly idleTimeoutSecs: number;
  /** What the worker's end asks of whoever rules the machine; the worker itself cannot shut it down. */
  readonly shutdownMachineOnIdle: boolean;
  readonly shutdownMachineOnInternalError: boolean;
  /** For a payload that shows none by itself. */
  readonly dialect: Dialect;
  /** By taskcluster-worker's names. */
  readonly plugins: PluginSettings;
  /** Least time between two claim calls that brought nothing, in seconds. */
  readonly pollingInterval: number;
  /** A claim is renewed this long before it ends, and never later than half-way, in seconds. */
  readonly reclaimOffset: number;
  /** Time between two looks at the task's public status, in seconds. */
  readonly cancelCheckSecs: number;
  /** Which helper on this machine: the name of its socket directory. */
  readonly instance: string;
}

export const defaultConfig: AgentConfig = {
  rootURL: "",
  clientId: "",
  accessToken: "",
  certificate: "",
  providerId: "",
  staticSecret: "",
  provisionerId: "",
  workerType: "",
  workerGroup: "",
  workerId: "",
  capacity: 1,
  headlessTasks: true,
  maxTaskRunTime: 86_400,
  publicIP: "",
  livelogExposePort: 0,
  enableLiveLog: true,
  createObjectArtifacts: false,
  enableInteractive: true,
  interactivePort: 53_654,
  enableMetadata: true,
  enableResourceMonitor: true,
  disableOOMProtection: false,
  maxMemoryUsagePercent: 90,
  minAvailableMemoryBytes: 524_288_000,
  allowedHighMemoryDurationSecs: 5,
  workerTypeMetadata: {},
  requiredDiskSpaceMegabytes: 10_240,
  maxLogBytes: 4 * 1024 ** 3,
  workerLocation: "",
  instanceType: "",
  instanceId: "",
  region: "",
  availabilityZone: "",
  privateIP: "",
  runAfterUserCreation: "",
  numberOfTasksToRun: 0,
  drainLimitSecs: 0,
  idleTimeoutSecs: 0,
  shutdownMachineOnIdle: false,
  shutdownMachineOnInternalError: false,
  dialect: "generic-worker",
  plugins: {},
  pollingInterval: 5,
  reclaimOffset: 180,
  cancelCheckSecs: 10,
  instance: "default",
};
