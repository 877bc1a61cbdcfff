/** Where things lie on each system. docs/architecture.md has the same table for readers; the helper has its own copy of its half. */
import { join } from "node:path";

export interface Places {
  /** The helper's socket of one instance. */
  readonly socket: string;
  /** What the helper says of itself; everybody can read it. */
  readonly helperStatus: string;
  /** One directory for each instance, with what its helper logs, for root alone. */
  readonly helperLogs: string;
  /** The agent's configuration. */
  readonly workerConfig: string;
  /** The agent's own directory: downloads, logs in progress. */
  readonly agentState: string;
}

/** `home` is the home of the account that the agent runs as. */
export function places(platform: NodeJS.Platform, instance: string, home: string): Places {
  if (platform === "darwin") {
    const state = join("/private/var/db/taskcluster-worker", instance);
    return {
      socket: join(state, "run/helper.sock"),
      helperStatus: join(state, "status.json"),
      helperLogs: "/Library/Logs/taskcluster-worker",
      workerConfig: "/Library/Application Support/taskcluster-worker/worker.yml",
      agentState: join(home, "Library/Application Support/taskcluster-worker", instance),
    };
  }
  return {
    socket: join("/run/taskcluster-worker", instance, "helper.sock"),
    helperStatus: join("/var/lib/taskcluster-worker", instance, "status.json"),
    helperLogs: "/var/log/taskcluster-worker",
    workerConfig: "/etc/taskcluster-worker/worker.yml",
    agentState: join(home, ".local/state/taskcluster-worker", instance),
  };
}
