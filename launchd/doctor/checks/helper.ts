/** Whether an agent without rights and a helper understand each other. */
import { PROTOCOL } from "../../../shared/protocol/limits.ts";
import type { Check } from "../check.ts";
import { type Finding, fail, notHere, pass, together, warn } from "../finding.ts";
import { readStatus } from "../helper-status.ts";
import type { Installation } from "../installation.ts";
import type { Subject } from "../subject.ts";
import { trialTimeoutMs } from "../trial.ts";
import { restartAgent, restartHelper, sudo } from "./fixes.ts";

async function judgeTrial(subject: Subject): Promise<Finding> {
  const again = sudo(subject.launcher, "doctor");
  if (subject.machine.uid !== 0) return notHere("needs root: a helper is started for it", again);
  const trial = await subject.trial();
  switch (trial.end) {
    case "gone":
      return pass("an agent without rights and a helper of doctor's own have worked together");
    case "busy":
      return warn("all slices for a helper of doctor's own are held by running workers: later", again);
    case "failed":
      if (trial.greeted) return pass("an agent without rights has greeted a helper of doctor's own");
      return fail(trial.why, sudo("tail", `${subject.paths.logRoot}/slice-1/helper.log`));
  }
}

async function judgeInstalled(subject: Subject, installation: Installation): Promise<Finding> {
  const { machine, paths } = subject;
  const status = readStatus(machine, paths.places.status);
  if (!status) return fail(`no helper has left ${paths.places.status}`, restartHelper);
  if (!status.runs) return fail(`the helper that wrote status.json (pid ${status.pid}) is gone`, restartHelper);
  if (status.protocol !== PROTOCOL) {
    return fail(`the helper speaks protocol ${status.protocol}, this version ${PROTOCOL}`, restartHelper);
  }
  const findings: Finding[] = [];
  if (installation.version !== null && status.version !== installation.version) {
    findings.push(warn(`helper ${status.version} runs, ${installation.version} is installed`, restartHelper));
  }
  const hello = status.lastHello === 0 ? "none ever" : new Date(status.lastHello).toISOString();
  if (!status.agent) {
    findings.push(warn(`no agent is connected (last hello: ${hello})`, restartAgent(installation)));
    const own = await judgeTrial(subject);
    if (own.result === "fail") findings.push(own);
  }
  return together(findings, `pid ${status.pid}, an agent is connected, its hello was ${hello}`);
}

export const helper: Check = {
  id: "helper",
  title: "handshake of agent and helper",
  why: "Of two versions that do not speak the same protocol, neither does anything: no task is claimed.",
  remedy: "`sudo launchctl kickstart -k system/org.taskcluster.worker.helper`, then the same for the agent's job",
  timeoutMs: trialTimeoutMs + 30_000,
  probe: (subject) => (subject.installation ? judgeInstalled(subject, subject.installation) : judgeTrial(subject)),
};
