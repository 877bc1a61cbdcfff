/** A step in words: what a plan prints, and what is said while it is done. */
import type { Step } from "./step.ts";

const octal = (mode: number): string => `0${mode.toString(8)}`;

export function describe(step: Step): string {
  switch (step.kind) {
    case "directory":
      return `directory  ${step.path}  root:wheel ${octal(step.mode)}`;
    case "release":
      return `release    ${step.path}  root:wheel, version ${step.version} from ${step.source}`;
    case "link":
      return `link       ${step.path} -> ${step.target}`;
    case "file":
      return `file       ${step.path}  ${step.owner}:wheel ${octal(step.mode)}`;
    case "account":
      return `account    user and group ${step.name}, hidden, home ${step.path}`;
    case "member":
      return `member     ${step.user} in the group ${step.group}`;
    case "agent-state":
      return `state      ${step.path}  ${step.user}'s`;
    case "volume":
      return `volume     ${step.name}, APFS, at most ${step.quota}, nosuid and nodev, at ${step.path}`;
    case "job":
      return `job        launchctl bootstrap ${step.domain} ${step.plist}`;
    case "stop":
      return `stop       launchctl bootout ${step.domain}/${step.label}, at most ${step.stopSeconds} s`;
    case "hello":
      return `hello      ${step.agentDomain === null ? "helper" : "helper and agent"} of version ${step.version}`;
  }
}

/** What undoing it does. */
export function describeUndo(step: Step): string {
  const verb = { stop: "load again", job: "unload", member: "take out", hello: "nothing to undo:" } as const;
  const word = step.kind in verb ? Object.entries(verb).find(([kind]) => kind === step.kind)?.[1] : "remove";
  return `${word} ${describe(step).replace(/ {2,}/g, " ")}`;
}

/** For programs: without the content of a file, which may hold credentials. */
export function documentOf(step: Step): Record<string, unknown> {
  if (step.kind !== "file") return { ...step };
  const { text: _text, before: _before, ...rest } = step;
  return rest;
}
