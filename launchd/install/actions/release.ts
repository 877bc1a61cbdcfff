/** A directory of one version: written beside its place, verified there as root's own copy, and moved to it. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { exitStatus } from "../../../shared/exit-status.ts";
import { Refusal } from "../../refusal.ts";
import { readManifest, verifyRelease } from "../../release/verify.ts";
import type { Actions } from "../actions.ts";
import { checkChain } from "../chain.ts";
import type { Machine } from "../machine.ts";
import { digestOfManifest, materialise, sourceAt } from "../source.ts";
import type { ReleaseStep } from "../step.ts";

/** What is wrong with what lies there; null when it is the release of the step. */
function problem(path: string, { digest }: ReleaseStep): string | null {
  const [first] = verifyRelease(path);
  if (first !== undefined) return first;
  return digestOfManifest(readManifest(path)) === digest ? null : "its source has changed meanwhile";
}

export function release(machine: Machine, step: ReleaseStep): Actions {
  const path = machine.at(step.path);
  const [making, removing] = [`${path}.new`, `${path}.old`];
  return {
    async look(ours) {
      checkChain(dirname(path));
      if (!existsSync(path)) return { state: "to do" };
      const found = problem(path, step);
      if (found === null) return { state: "done" };
      if (ours) return { state: "to do" };
      return { state: "foreign", sentence: `${step.path} is there and is not this release (${found}): move it away` };
    },
    async do() {
      for (const each of [making, path]) rmSync(each, { recursive: true, force: true });
      mkdirSync(making, { mode: 0o755 });
      materialise(sourceAt(step.source), machine.platform, step.node, making);
      const found = problem(making, step);
      if (found !== null) throw new Refusal(exitStatus.failed, `the copy of ${step.source} is not whole: ${found}`);
      const { exit, stdout } = await machine.program(`${step.path}.new/bin/node`, "--version");
      if (exit !== 0)
        throw new Refusal(exitStatus.failed, `its Node does not start here (exit ${exit}): name another with --node`);
      const version = readManifest(making).node.version;
      if (stdout.trim() !== `v${version}`) {
        throw new Refusal(
          exitStatus.misconfigured,
          `its Node is ${stdout.trim()}, not v${version}: name that one with --node`,
        );
      }
      renameSync(making, path);
    },
    async undo() {
      for (const each of [making, removing]) rmSync(each, { recursive: true, force: true });
      if (!existsSync(path)) return null;
      // In one step out of the way, so that nobody finds half of it under its name.
      renameSync(path, removing);
      rmSync(removing, { recursive: true });
      return null;
    },
  };
}
