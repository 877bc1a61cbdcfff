/** Where root keeps things, by platform and instance. docs/architecture.md has the same table for readers. */
const darwin = process.platform === "darwin";

/** Root's state: one directory for each instance, and the staged copies of checkouts. */
export const stateRoot = darwin ? "/private/var/db/taskcluster-worker" : "/var/lib/taskcluster-worker";
/** Locks of living starters. */
export const starters = `${stateRoot}/private/starters`;
export const logRoot = darwin ? "/Library/Logs/taskcluster-worker" : "/var/log/taskcluster-worker";
export const configFile = `${darwin ? "/Library/Application Support" : "/etc"}/taskcluster-worker/helper.json`;

export type Places = ReturnType<typeof placesOf>;

export function placesOf(instance: string) {
  if (!/^[a-z][a-z0-9-]{0,23}$/.test(instance)) throw new Error(`"${instance}" is no instance name`);
  const state = `${stateRoot}/${instance}`;
  const runParent = darwin ? state : "/run/taskcluster-worker";
  const socketDir = darwin ? `${state}/run` : `${runParent}/${instance}`;
  const [own, status, logs] = [`${state}/private`, `${state}/status.json`, `${logRoot}/${instance}`];
  return { state, private: own, status, logs, runParent, socketDir, socket: `${socketDir}/helper.sock` };
}
