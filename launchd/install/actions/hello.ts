/** The proof that what was installed works: the helper's own status.json, which it replaces after each change. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Refusal, status } from "../../refusal.ts";
import type { Actions } from "../actions.ts";
import type { Machine } from "../machine.ts";
import type { HelloStep } from "../step.ts";
import { hasDomain } from "./jobs.ts";

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What is missing, as a sentence; null when it is all there. */
function missing(file: string, { version: wanted }: HelloStep, needsAgent: boolean): string | null {
  let report: unknown;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return "the helper has written no status";
  }
  if (typeof report !== "object" || report === null) return "the helper's status is none";
  const { pid, version, agent } = Object.fromEntries(Object.entries(report));
  if (typeof pid !== "number" || !isAlive(pid)) return "the helper does not run";
  if (version !== wanted) return `the helper that runs is of version ${String(version)}`;
  return needsAgent && agent !== true ? "no agent has said hello to the helper" : null;
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
          throw new Refusal(status.failed, `${problem} ${after}, but ${step.version} is to: read its log`);
        }
        await delay(machine.pollMs);
      }
    },
    async undo() {
      return null;
    },
  };
}
