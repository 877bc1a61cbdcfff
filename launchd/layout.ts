/** Every path that an installation has on a Mac, in one place. docs/operate.md has the same as a table for readers. */
import { join } from "node:path";
import type { Places } from "../helper/places.ts";
import { agentLabel, helperLabel } from "./plists.ts";

/** The instance that an installation serves, and the account whose group may reach its helper's socket. */
export const instance = "default";
export const workerAccount = "_tcworker";
/** The installer package's name in macOS's list of packages. */
export const packageId = "org.taskcluster.worker";

export type Layout = ReturnType<typeof layoutOf>;

/**
 * `root` is where the Mac's root directory is seen: nowhere but in tests another than "". All of it is root-owned down from
 * `/`, unlike /usr/local, which Homebrew hands to its user, and named without Apple's links (/var, /etc).
 */
export function layoutOf(root = "") {
  const library = join(root || "/", "Library");
  const base = join(library, "PrivilegedHelperTools/org.taskcluster.worker");
  const support = join(library, "Application Support/taskcluster-worker");
  const stateRoot = join(root || "/", "private/var/db/taskcluster-worker");
  const logRoot = join(library, "Logs/taskcluster-worker");
  return {
    /** root 0755: the versions, and `current`, a link to the one that runs. */
    base,
    versions: join(base, "versions"),
    current: join(base, "current"),
    /** Where an installer package puts its release; `install` and `upgrade` copy it from there. */
    package: join(base, "package"),
    /** root 0755: the configuration of both. */
    support,
    /** root 0644. */
    helperConfig: join(support, "helper.json"),
    /** The agent's account 0600: it holds the credentials. */
    workerConfig: join(support, "worker.yml"),
    /** root 0755. */
    stateRoot,
    /** root 0700: the locks of accounts and of installers, and what is known of the agent's account. */
    privateState: join(stateRoot, "private"),
    agentAccount: join(stateRoot, "private/agent-account.json"),
    /** root 0600, beside the state, so that the state can be made and removed by what it lists. */
    receipt: join(root || "/", "private/var/db/taskcluster-worker.receipt.json"),
    /** root 0755. */
    logRoot,
    /** The agent's account 0600, in a directory that it cannot write to. */
    agentLog: join(logRoot, "agent.log"),
    /** root 0600. */
    helperLog: join(logRoot, instance, "helper.log"),
    /** Where a volume for the homes is mounted. */
    volume: join(stateRoot, "tasks"),
    fstab: join(root || "/", "private/etc/fstab"),
    /** root 0644. */
    newsyslog: join(root || "/", "private/etc/newsyslog.d/org.taskcluster.worker.conf"),
    helperPlist: join(library, "LaunchDaemons", `${helperLabel}.plist`),
    /** The agent's, in the graphics session of its account, and without one. */
    agentPlist: join(library, "LaunchAgents", `${agentLabel}.plist`),
    headlessPlist: join(library, "LaunchDaemons", `${agentLabel}.plist`),
    /** The helper's, as `placesOf` has them on a Mac. */
    places: placesBelow(stateRoot, logRoot),
  };
}

/** The directory of one version. `digest` is that of its manifest. */
export function versionDirectory({ versions }: Layout, version: string, digest: string): string {
  return join(versions, `${version}-${digest.slice(0, 12)}`);
}

function placesBelow(stateRoot: string, logRoot: string): Places {
  const state = join(stateRoot, instance);
  return {
    ...{ state, private: join(state, "private"), status: join(state, "status.json"), logs: join(logRoot, instance) },
    ...{ runParent: state, socketDir: join(state, "run"), socket: join(state, "run/helper.sock") },
  };
}
