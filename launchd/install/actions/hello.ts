/** The proof that what was installed works: the helper's own status.json, which it replaces after each change. */
import { setTimeout as delay } from "node:timers/promises";
import { exitStatus } from "../../../shared/exit-status.ts";
import { parseHelperReport } from "../../../shared/helper-report.ts";
import { isProcess } from "../../../shared/process-alive.ts";
import { Refusal } from "../../refusal.ts";
import type { Actions } from "../actions.ts";
import type { Machine } from "../machine.ts";
import type { HelloStep } from "../step.ts";
import { textOf } from "../text-of.ts";
import { hasDomain } from "./jobs.ts";

/** What is missing, as a sentence; null when it is all there. */
function missing(file: string, { version: wanted }: HelloStep, needsAgent: boolean): string | null {
  const report = parseHelperReport(textOf(file) ?? "");
  if (!report) return "the helper has written no status";
  const { pid, version, agent } = report;
  if (!isProcess(pid)) return "the helper does not run";
  if (version !== wanted) return `the helper that runs is of version ${version}`;
  return needsAgent && !agent ? "no agent has said hello to the helper" : null;
}

export function hello(machine: Machine, step: HelloStep): Actions {
  const file = machine.at(step.path);
  const needsAgent = async (): Promise<boolean> =>
    step.agentDomain !== null && (await hasDomain(machine, step.agentDomain));
  return {
    async look(ours) {
      // Without an entry in the receipt nobody would wait for it on the way back from an upgrade.
      const isOurs = ours?.kind === "hello" && ours.version === step.version;
      return { state: isOurs && missing(file, step, await needsAgent()) === null ? "done" : "to do" };
    },
    async do() {
      const agent = await needsAgent();
      const deadline = Date.now() + machine.helloMs;
      for (let problem = missing(file, step, agent); problem !== null; problem = missing(file, step, agent)) {
        if (Date.now() > deadline) {
          const after = `after ${machine.helloMs / 1000} s`;
          throw new Refusal(exitStatus.failed, `${problem} ${after}, but ${step.version} is to: read its log`);
        }
        await delay(machine.pollMs);
      }
    },
    async undo() {
      return null;
    },
  };
}
