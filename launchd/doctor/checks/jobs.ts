/** The two launchd jobs: loaded, and from files that fit what is installed. */
import { helperFlags } from "../../../helper/flags.ts";
import { agentJob, helperJob } from "../../jobs.ts";
import { helperLabel, renderAgentPlist, renderHelperPlist } from "../../plists.ts";
import type { Check } from "../check.ts";
import { type Finding, fail, pass, together, warn } from "../finding.ts";
import type { Installation } from "../installation.ts";
import type { Machine } from "../machine.ts";
import type { Subject } from "../subject.ts";
import { agentJobName, reinstall, restartAgent, restartHelper, sudo, withoutAgent } from "./fixes.ts";

/** launchctl's exit statuses for a job, or a domain, that is not there. */
const notThere = [3, 113, 125];

/** What `launchctl print` says of a job. Its text is no interface, by its own words: only the line `state` is read. */
async function stateOf(machine: Machine, job: string): Promise<"running" | "not running" | "not loaded" | "unknown"> {
  const ran = await machine.run("/bin/launchctl", ["print", job]);
  if (ran.end !== "exited") return "unknown";
  if (notThere.includes(ran.status)) return "not loaded";
  const state = /^\s*state = (.+)$/m.exec(ran.stdout)?.[1];
  if (ran.status !== 0 || state === undefined) return "unknown";
  return state.trim() === "running" ? "running" : "not running";
}

async function judgeHelperJob({ machine, paths }: Subject): Promise<Finding> {
  const state = await stateOf(machine, `system/${helperLabel}`);
  switch (state) {
    case "running":
      return pass("the helper runs");
    case "not loaded": {
      const load = sudo("launchctl", "bootstrap", "system", paths.helperPlist);
      return fail("the helper's job is not loaded", sudo("launchctl", "enable", `system/${helperLabel}`), load);
    }
    case "not running":
      return fail(`the helper's job does not run: read ${paths.places.logs}/helper.log`, restartHelper);
    case "unknown":
      return warn(
        "launchctl does not say whether the helper runs",
        sudo("launchctl", "print", `system/${helperLabel}`),
      );
  }
}

async function judgeAgentJob({ machine, paths }: Subject, installation: Installation): Promise<Finding> {
  const { agent, session } = installation;
  if (!agent) return withoutAgent;
  const job = agentJobName(installation);
  const state = await stateOf(machine, job);
  switch (state) {
    case "running":
      return pass("the agent runs");
    case "not loaded": {
      const domain = session === "system" ? "system" : `gui/${agent.uid}`;
      const plist = session === "system" ? paths.headlessPlist : paths.agentPlist;
      const load = sudo("launchctl", "bootstrap", domain, plist);
      return fail(`the agent's job is not loaded in ${domain}`, sudo("launchctl", "enable", job), load);
    }
    case "not running":
      return warn(
        "the agent's job is loaded and does not run: it was drained, or its log says why",
        restartAgent(installation),
      );
    case "unknown":
      return warn("launchctl does not say whether the agent runs", sudo("launchctl", "print", job));
  }
}

export const jobs: Check = {
  id: "jobs",
  title: "both launchd jobs loaded and running",
  why: "Without the helper no task begins; without the agent none is claimed. A disabled job stays so across reboots.",
  remedy: "`sudo launchctl enable JOB`, `sudo launchctl bootstrap DOMAIN PLIST`",
  unsure: "what `launchctl print` writes is no interface; only its exit status and the line `state` are read",
  only: "darwin",
  installed: true,
  async probe(subject) {
    if (!subject.installation) return fail("nothing is installed");
    const findings = [await judgeHelperJob(subject), await judgeAgentJob(subject, subject.installation)];
    return together(findings, findings.map(({ what }) => what).join(", "));
  },
};

/** How long a stop waits is chosen at the installation. */
const withoutExitTimeOut = (plist: string): string =>
  plist.replace(/(<key>ExitTimeOut<\/key>\s*<integer>)\d+/, "$1any");

function judgePlist(machine: Machine, path: string, wanted: string): Finding {
  const found = machine.read(path);
  if (found === null) return fail(`${path} is missing`, reinstall);
  if (withoutExitTimeOut(found) === withoutExitTimeOut(wanted)) return pass(path);
  return fail(`${path} is not what this version installs`, reinstall);
}

export const plists: Check = {
  id: "plists",
  title: "the jobs' property lists against this version and helper.json",
  why: "The flags that keep root's process from writing elsewhere stand in the property list; the helper ends when they do not fit.",
  remedy: "`sudo ./taskcluster-worker install` writes both anew",
  installed: true,
  probe({ machine, paths, installation }) {
    if (!installation?.agent) return withoutAgent;
    const { session, agent } = installation;
    const config = machine.helperConfig(paths.helperConfig);
    const agentPath = session === "system" ? paths.headlessPlist : paths.agentPlist;
    const findings = [
      judgePlist(machine, paths.helperPlist, renderHelperPlist(helperJob(helperFlags(paths.places, config, true)))),
      judgePlist(machine, agentPath, renderAgentPlist(agentJob(session === "aqua" ? agent.uid : null, 0))),
      session === "system" && machine.look(paths.agentPlist)
        ? warn(`${paths.agentPlist} is there too: the agent would start twice`, sudo("rm", paths.agentPlist))
        : pass(agentPath),
    ];
    return together(findings, "both are as this version writes them");
  },
};
