/** The agent's settings, under generic-worker's names. `config/load.ts` makes them; nothing else reads the environment. */
import type { Dialect } from "./payload/payload.ts";

/** A text that was not set is "". Only settings that have an effect are here. */
export interface AgentConfig {
  readonly rootURL: string;
  readonly clientId: string;
  readonly accessToken: string;
  /** JSON text; "" with permanent credentials. */
  readonly certificate: string;
  readonly provisionerId: string;
  readonly workerType: string;
  readonly workerGroup: string;
  readonly workerId: string;
  /** Tasks at once. */
  readonly capacity: number;
  /** Longest `maxRunTime` that a task may ask for, in seconds. */
  readonly maxTaskRunTime: number;
  /** Where readers reach the live logs; "" binds them to loopback. */
  readonly publicIP: string;
  /** 0: a random port. */
  readonly livelogExposePort: number;
  readonly enableLiveLog: boolean;
  /** Printed at the head of every task log. */
  readonly workerTypeMetadata: Readonly<Record<string, unknown>>;
  /** No claims while the volume of the agent's state has less free, in MB of 1,000,000 bytes. */
  readonly requiredDiskSpaceMegabytes: number;
  /** A task that writes more to its log fails. */
  readonly maxLogBytes: number;
  /** TASKCLUSTER_WORKER_LOCATION of every task; "" leaves it out. */
  readonly workerLocation: string;
  /** TASKCLUSTER_INSTANCE_TYPE of every task; "" leaves it out. */
  readonly instanceType: string;
  /** The worker ends after this many tasks; 0: never. */
  readonly numberOfTasksToRun: number;
  /** The worker ends after this long without a task, in seconds; 0: never. */
  readonly idleTimeoutSecs: number;
  /** For a payload that shows none by itself. */
  readonly dialect: Dialect;
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
  provisionerId: "",
  workerType: "",
  workerGroup: "",
  workerId: "",
  capacity: 1,
  maxTaskRunTime: 86_400,
  publicIP: "",
  livelogExposePort: 0,
  enableLiveLog: true,
  workerTypeMetadata: {},
  requiredDiskSpaceMegabytes: 10_240,
  maxLogBytes: 4 * 1024 ** 3,
  workerLocation: "",
  instanceType: "",
  numberOfTasksToRun: 0,
  idleTimeoutSecs: 0,
  dialect: "generic-worker",
  pollingInterval: 5,
  reclaimOffset: 180,
  cancelCheckSecs: 10,
  instance: "default",
};
