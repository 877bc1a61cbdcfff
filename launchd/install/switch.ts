/** The steps of an upgrade. Taken back, from the last to the first, they are the way back to the version before. */
import { layoutOf } from "../layout.ts";
import { currentStep, type Facts, type Jobs, jobSteps, releaseStep } from "./plan.ts";
import type { Entry } from "./receipt.ts";
import { type FileStep, type JobStep, keyOf, type LinkStep, type Step, type StopStep } from "./step.ts";

const layout = layoutOf();

function stopOf({ label, domain, plist, stopSeconds }: JobStep, why: string): StopStep {
  return { kind: "stop", label, domain, plist, stopSeconds, why };
}

const jobsOf = (installed: readonly Entry[]): JobStep[] =>
  installed.map(({ step }) => step).filter((step) => step.kind === "job");

/** `installed`: what the receipt has; `read` gives the text of a file of the machine, null when there is none. */
export function upgradeSteps(facts: Facts, installed: readonly Entry[], read: (path: string) => string | null): Step[] {
  const jobs: Jobs = jobSteps(facts);
  const link = currentStep(facts);
  const before = installed.map(({ step }) => step).find((step): step is LinkStep => keyOf(step) === keyOf(link));
  const plist = (step: FileStep): FileStep => ({ ...step, before: read(step.path) });
  const [helperPlist, ...helper] = jobs.helper;
  const [agentPlist, ...agent] = jobs.agent;
  return [
    releaseStep(facts),
    // The agent first: its tasks need the helper to their end.
    ...jobsOf(installed)
      .toReversed()
      .map((job) =>
        stopOf(job, job.plist === layout.helperPlist ? "ends the helper" : "lets the agent finish its tasks and end"),
      ),
    plist(helperPlist),
    ...(agentPlist ? [plist(agentPlist)] : []),
    { ...link, before: before?.target ?? null },
    ...helper,
    ...agent,
  ];
}

/** What is installed after an upgrade: its steps in the places of those before, the version before to be removed. */
export function settled(installed: readonly Entry[], upgrade: readonly Entry[]): Entry[] {
  const done = upgrade.map(({ step }) => step).filter((step) => step.kind !== "stop");
  const replacement = (step: Step): Step => {
    const found = done.find((each) => keyOf(each) === keyOf(step)) ?? step;
    return "before" in found && "before" in step ? { ...found, before: step.before } : found;
  };
  const known = new Set(installed.map(({ step }) => keyOf(step)));
  const added = done.filter((step) => !known.has(keyOf(step)));
  const newRelease = added.filter((step) => step.kind === "release");
  const replaced = installed.flatMap((entry): Entry[] => {
    if (entry.step.kind !== "release" || newRelease.length === 0) return [{ ...entry, step: replacement(entry.step) }];
    return [{ ...entry, state: "undoing" }, ...newRelease.map((step): Entry => ({ step, state: "done" }))];
  });
  const rest = added
    .filter((step) => step.kind !== "release")
    .map((step): Entry => ({ step: withoutBefore(step), state: "done" }));
  return [...replaced, ...rest];
}

const withoutBefore = (step: Step): Step => (step.kind === "file" ? { ...step, before: null } : step);
