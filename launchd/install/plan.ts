/** The steps that make an installation, in their order; taken back they are done from the last to the first. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { agentJob, helperJob } from "../jobs.ts";
import { instance, layoutOf, versionDirectory, workerAccount } from "../layout.ts";
import { agentLabel, helperLabel, renderAgentPlist, renderHelperPlist, stopSeconds } from "../plists.ts";
import type { Choices } from "./choices.ts";
import type { DirectoryStep, FileStep, HelloStep, JobStep, LinkStep, ReleaseStep, Step } from "./step.ts";
import { newsyslogRules } from "./texts.ts";

/** What the machine and the source have to do with the plan. */
export interface Facts {
  readonly choices: Choices;
  readonly version: string;
  readonly source: string;
  /** Node's program, where another one is given than that of the source. */
  readonly node: string | null;
  readonly digest: string;
  /** Of the agent's account; null for a system job. */
  readonly agentUid: number | null;
  /** That account's home. */
  readonly agentHome: string | null;
  /** The helper's, for the helper.json that is there, or will be. */
  readonly helperFlags: readonly string[];
  readonly helperConfig: string;
  readonly workerConfig: string;
  /** Whether the worker has settings. Without them it is not started. */
  readonly configured: boolean;
}

const layout = layoutOf();
const helperStopSeconds = 180;
/** Beyond the time that launchd itself gives the agent. */
const marginSeconds = 60;

const directory = (path: string, why: string, more: Partial<DirectoryStep> = {}): DirectoryStep => ({
  ...{ kind: "directory", path, mode: 0o755, ours: false, keep: false, why },
  ...more,
});
const file = (path: string, mode: number, text: string, why: string, more: Partial<FileStep> = {}): FileStep => ({
  ...{ kind: "file", path, owner: "root", mode, text, before: null, keep: false, why },
  ...more,
});

export function releaseStep({ version, source, node, digest }: Facts): ReleaseStep {
  const path = versionDirectory(layout, version, digest);
  const why = "the code and Node, where only root can change them; a version is never changed in its place";
  return { kind: "release", path, version, source, node, digest, why };
}

export function currentStep(facts: Facts): LinkStep {
  const target = join("versions", releaseStep(facts).path.slice(layout.versions.length + 1));
  return {
    kind: "link",
    path: layout.current,
    target,
    before: null,
    why: "the version that runs: an upgrade switches it in one step",
  };
}

export interface Jobs {
  readonly helper: readonly [FileStep, JobStep, HelloStep];
  /** None while the worker has no settings. */
  readonly agent: readonly [] | readonly [FileStep, JobStep, HelloStep];
}

function jobStep(label: string, domain: string, plist: FileStep, seconds: number, why: string): JobStep {
  const digest = createHash("sha256").update(plist.text).digest("hex");
  return { kind: "job", label, domain, plist: plist.path, digest, stopSeconds: seconds, why };
}

export function jobSteps({ choices, version, agentUid, helperFlags, configured }: Facts): Jobs {
  const helper = file(
    layout.helperPlist,
    0o644,
    renderHelperPlist(helperJob(helperFlags)),
    "launchd's job of the helper, which is root",
  );
  const hello = { kind: "hello", path: layout.places.status, version } as const;
  const helperSteps = [
    helper,
    jobStep(helperLabel, "system", helper, helperStopSeconds, "starts the helper"),
    { ...hello, agentDomain: null, why: "the helper of this version runs" },
  ] as const;
  if (!configured) return { helper: helperSteps, agent: [] };
  const options = agentJob(agentUid, choices.maxRunTimeSeconds);
  const plist = agentUid === null ? layout.headlessPlist : layout.agentPlist;
  const session = agentUid === null ? "as a system job" : "in the graphics session of its account alone";
  const agent = file(plist, 0o644, renderAgentPlist(options), `launchd's job of the agent, ${session}`);
  const domain = agentUid === null ? "system" : `gui/${agentUid}`;
  const seconds = stopSeconds(options) + marginSeconds;
  const agentSteps = [
    agent,
    jobStep(agentLabel, domain, agent, seconds, "starts the agent; where its account is not logged in, the login does"),
    { ...hello, agentDomain: domain, why: "the agent has said hello to the helper" },
  ] as const;
  return { helper: helperSteps, agent: agentSteps };
}

function stateSteps({ choices }: Facts): Step[] {
  const { stateRoot, privateState, places, logRoot, volume } = layout;
  const homes: Step[] =
    choices.volume === null
      ? []
      : [
          directory(volume, "where the volume for the homes is mounted"),
          {
            ...{ kind: "volume", name: "taskcluster-worker-tasks", quota: choices.volume, path: volume, keep: true },
            why: "homes on a volume of their own: no set-id programs, no links out, no more than its quota",
          },
        ];
  return [
    directory(stateRoot, "root's state", { ours: true }),
    directory(privateState, "locks, and what is known of the agent's account", { mode: 0o700, ours: true }),
    directory(join(privateState, "starters"), "locks of sessions beside the installation", { mode: 0o700, ours: true }),
    directory(places.state, `the helper's state of the instance ${instance}: journal, status, socket`, { ours: true }),
    ...homes,
    directory(logRoot, "logs, those of sessions beside the installation too", { ours: true }),
    directory(places.logs, "the helper's log and audit log", { mode: 0o700, ours: true, keep: true }),
  ];
}

/** What the agent keeps for itself, where it has a home that is not ours. */
function agentStateSteps({ agentHome, choices: { agentUser } }: Facts): Step[] {
  if (agentHome === null || agentUser === null) return [];
  const path = join(agentHome, "Library/Application Support/taskcluster-worker", instance);
  const why = "the agent's state and downloads: it makes them itself, and they are removed as its account";
  return [{ kind: "agent-state", path, user: agentUser, keep: true, why }];
}

function configSteps(facts: Facts, agentUser: string): Step[] {
  const { support, workerConfig, agentLog, newsyslog } = layout;
  return [
    file(workerConfig, 0o600, facts.workerConfig, "the worker's settings, which hold its credentials", {
      owner: agentUser,
      keep: true,
    }),
    file(agentLog, 0o600, "", "the agent's log, in a directory that the agent cannot change", {
      owner: agentUser,
      keep: true,
    }),
    file(newsyslog, 0o644, newsyslogRules(agentUser), `turns the logs over; the settings in ${support} stay`),
  ];
}

export function installSteps(facts: Facts): Step[] {
  const { agentUser } = facts.choices;
  const { base, versions, support, helperConfig, current, stateRoot } = layout;
  const jobs = jobSteps(facts);
  return [
    directory(dirname(base), "Apple's place for programs that run as root"),
    directory(base, "all versions of this program"),
    directory(versions, "one directory for each version"),
    releaseStep(facts),
    currentStep(facts),
    directory(support, "settings"),
    file(helperConfig, 0o644, facts.helperConfig, "what the helper may do: root's owner decides", { keep: true }),
    ...stateSteps(facts),
    {
      ...{
        kind: "account",
        name: workerAccount,
        path: join(stateRoot, "agent"),
        release: current,
        config: helperConfig,
      },
      why: "a hidden account without login; its group alone reaches the helper's socket",
    },
    ...(agentUser === null
      ? []
      : [
          {
            kind: "member",
            user: agentUser,
            group: workerAccount,
            why: "the agent's account may reach the socket",
          } as const,
        ]),
    ...agentStateSteps(facts),
    ...configSteps(facts, agentUser ?? workerAccount),
    ...jobs.helper,
    ...jobs.agent,
  ];
}
