/** Who could change what root runs or trusts. */
import { dirname } from "node:path";
import type { Check } from "../check.ts";
import { type Finding, fail, pass, together } from "../finding.ts";
import type { Machine } from "../machine.ts";
import type { Subject } from "../subject.ts";
import { sudo } from "./fixes.ts";
import { tasksDirOf } from "./tasks-directory.ts";

/** The path without links, and every directory on the way there. */
function chain(machine: Machine, path: string): string[] {
  const resolved = machine.resolve(path);
  const parts: string[] = [];
  for (let part = resolved; part !== null; part = part === "/" ? null : dirname(part)) parts.push(part);
  return parts;
}

function judge(machine: Machine, path: string): Finding {
  const entry = machine.look(path);
  if (entry && entry.uid !== 0) return fail(`${path} is owned by uid ${entry.uid}`, sudo("chown", "root", path));
  if (entry && (entry.mode & 0o022) !== 0 && entry.kind !== "link") {
    return fail(`${path} can be written by others than root`, sudo("chmod", "go-w", path));
  }
  return pass(path);
}

function trustedPaths(subject: Subject): string[] {
  const { paths, machine } = subject;
  const { current, helperConfig, helperPlist, agentPlist, headlessPlist, stateRoot, logRoot, places } = paths;
  const code = ["bin/node", "helper/main.js", "shared/protocol/frames.js"].map((file) => `${current}/${file}`);
  const own = [helperConfig, helperPlist, agentPlist, headlessPlist, stateRoot, logRoot, places.state, places.logs];
  return [...code, ...own, tasksDirOf(subject)].filter((path) => machine.resolve(path) !== null);
}

export const ownership: Check = {
  id: "ownership",
  title: "owners of what root runs and trusts, up to /",
  why: "Whoever can change one of these files, or rename a folder above it, decides what root does.",
  remedy: "`sudo chown root PATH`, `sudo chmod go-w PATH`",
  probe(subject) {
    const { machine } = subject;
    const paths = [...new Set(trustedPaths(subject).flatMap((path) => chain(machine, path)))].sort();
    const findings = paths.map((path) => judge(machine, path));
    return together(findings, `${paths.length} files and folders are root's alone to change`);
  },
};
