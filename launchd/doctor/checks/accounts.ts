/** Whether a task user can be made, used and deleted here. */
import type { Check } from "../check.ts";
import { type Finding, fail, notHere, pass, warn } from "../finding.ts";
import { readStatus } from "../helper-status.ts";
import type { Subject } from "../subject.ts";
import { trialTimeoutMs } from "../trial.ts";
import { sudo } from "./fixes.ts";

/** dscl's exit status where TCC forbids the deletion. */
const REFUSED = 40;

function poolMode({ launcher }: Subject): Finding {
  return warn(
    "macOS refuses to delete accounts (TCC): pool mode, in which users are proven clean, rest, and are used again",
    `# needs no mending; new accounts for each task: the profile of ${launcher} profile --team-id TEAM`,
  );
}

/** A terminal's rights are not the daemon's: TCC asks who is responsible for a process. */
const whose = (subject: Subject): string =>
  subject.machine.platform === "darwin"
    ? ", with this terminal's TCC rights, which may be others than the helper's"
    : "";

async function judgeTrial(subject: Subject): Promise<Finding> {
  const { launcher, machine } = subject;
  const again = sudo(launcher, "doctor");
  if (machine.uid !== 0) return notHere("needs root: a task user is made and deleted for it", again);
  const trial = await subject.trial();
  if (trial.end === "busy") return warn("all slices are held by running workers: later", again);
  if (trial.end === "failed") return fail(trial.why, sudo(launcher, "run-task", "examples/hello.yml"));
  if (trial.account === "resting") return poolMode(subject);
  if (trial.account)
    return fail(`${trial.user} could not be proven gone`, sudo(launcher, "audit", "show", "--user", trial.user));
  if (!trial.completed)
    return fail(`${trial.user} could not run /bin/echo`, sudo(launcher, "run-task", "examples/hello.yml"));
  return pass(`${trial.user} was made, ran a command and is gone${whose(subject)}`);
}

export const accounts: Check = {
  id: "accounts",
  title: "a task user made, used and deleted",
  why: "Every task needs one. Where deletion is refused, accounts are used again (pool mode): clean, but not new.",
  remedy:
    "none is needed: pool mode works; a profile (PPPC) with `SystemPolicySysAdminFiles` for the helper's Node lets it delete them",
  unsure: "no report is known of a daemon that deleted accounts without a profile, nor of a refusal on every version",
  timeoutMs: trialTimeoutMs + 30_000,
  probe(subject) {
    const { machine, paths, launcher, installation } = subject;
    const status = installation ? readStatus(machine, paths.places.status) : null;
    const exit = status?.runs && status.agent ? status.lastDeletionExit : null;
    if (exit === null) return judgeTrial(subject);
    if (exit === 0) return pass("the helper's last deletion of an account succeeded");
    if (exit === REFUSED) return poolMode(subject);
    return fail(`dscl ended with ${exit} at the last deletion of an account`, sudo(launcher, "audit", "show"));
  },
};
