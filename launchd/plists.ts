/**
 * The two launchd jobs: the helper as a system daemon, the agent as a LaunchAgent of one account (or, without a screen,
 * as a system job of its own account). Neither sets a variable: what a job needs is an argument or in a root-owned file.
 */
import { renderPropertyList } from "./property-list.ts";

export const helperLabel = "org.taskcluster.worker.helper";
export const agentLabel = "org.taskcluster.worker.agent";

export interface HelperPlistOptions {
  /** Absolute path of the root-owned Node. */
  readonly node: string;
  /** Node's flags, as `helper/flags.ts` lists them for this configuration. */
  readonly flags: readonly string[];
  /** Absolute path of the helper's main file, and its arguments. */
  readonly main: readonly string[];
  /** Where launchd puts what the helper prints: a file in a root-only directory. */
  readonly log: string;
}

/** The system LaunchDaemon of the helper. Belongs to root:wheel 0644 in /Library/LaunchDaemons. */
export function renderHelperPlist(options: HelperPlistOptions): string {
  return renderPropertyList({
    Label: helperLabel,
    ProgramArguments: [options.node, ...options.flags, ...options.main],
    RunAtLoad: true,
    KeepAlive: true,
    ThrottleInterval: 10,
    // Long enough to kill and delete every task user before launchd loses its patience.
    ExitTimeOut: 120,
    ProcessType: "Interactive",
    Umask: 0o077,
    WorkingDirectory: "/",
    StandardOutPath: options.log,
    StandardErrorPath: options.log,
    // No NumberOfFiles: the hard limit would be every task's, and launchd raises the machine's own limit with it.
    SoftResourceLimits: { Core: 0 },
    HardResourceLimits: { Core: 0 },
    AssociatedBundleIdentifiers: ["org.taskcluster.worker"],
  });
}

export interface AgentPlistOptions {
  readonly node: string;
  readonly flags: readonly string[];
  /** Absolute path of the agent's main file, and its arguments. */
  readonly main: readonly string[];
  /** Absolute path of a file that the agent's account can write; its shell opens it, not launchd. */
  readonly log: string;
  /** `aqua`: in the graphics session of this account alone. `system`: without a session, as this account. */
  readonly runAs:
    | { readonly session: "aqua"; readonly uid: number }
    | { readonly session: "system"; readonly user: string };
  /** Longest task, in seconds: how long a stop waits for the tasks that run. */
  readonly maxRunTimeSeconds: number;
}

/** Time for uploads and for deleting the task users after the last command, in seconds. */
const endingSeconds = 600;

/** How long launchd waits for the agent's end after it has asked for it. */
export function stopSeconds({ maxRunTimeSeconds }: Pick<AgentPlistOptions, "maxRunTimeSeconds">): number {
  return maxRunTimeSeconds + endingSeconds;
}

/**
 * launchd starts a job of /Library/LaunchAgents in every login. For everybody but the agent's account this exits 0 before
 * it touches anything; KeepAlive then leaves it alone. $1: the uid, $2: the log, the rest: the command.
 */
export const uidGuard = '[ "$(/usr/bin/id -u)" = "$1" ] || exit 0; log=$2; shift 2; exec "$@" >>"$log" 2>&1';

/** The agent's job: /Library/LaunchAgents for `aqua`, /Library/LaunchDaemons for `system`; root:wheel 0644 in both. */
export function renderAgentPlist(options: AgentPlistOptions): string {
  const { runAs } = options;
  const command = [options.node, ...options.flags, ...options.main];
  const common = {
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 10,
    ExitTimeOut: stopSeconds(options),
    ProcessType: "Interactive",
    Umask: 0o077,
    WorkingDirectory: "/",
    AssociatedBundleIdentifiers: ["org.taskcluster.worker"],
  };
  if (runAs.session === "system") {
    return renderPropertyList({
      Label: agentLabel,
      UserName: runAs.user,
      GroupName: runAs.user,
      InitGroups: false,
      ProgramArguments: command,
      RunAtLoad: true,
      ...common,
      StandardOutPath: options.log,
      StandardErrorPath: options.log,
    });
  }
  if (!Number.isSafeInteger(runAs.uid) || runAs.uid < 500) {
    throw new Error(`the agent's account must be an ordinary one: uid ${runAs.uid} is not`);
  }
  return renderPropertyList({
    Label: agentLabel,
    LimitLoadToSessionType: "Aqua",
    ProgramArguments: ["/bin/sh", "-c", uidGuard, agentLabel, String(runAs.uid), options.log, ...command],
    RunAtLoad: true,
    ...common,
  });
}
