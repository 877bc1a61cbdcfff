/** The agent's own directory, in the home of its account. */
import { dirname } from "node:path";
import type { Actions } from "../actions.ts";
import { isThere } from "../atomically.ts";
import type { Machine } from "../machine.ts";
import type { AgentStateStep } from "../step.ts";

/** Of an rm that says nothing. */
const howEnded = (exit: number | null): string => (exit === 0 ? "it is there again" : "rm was ended, or took too long");

export function agentState(machine: Machine, step: AgentStateStep): Actions {
  const path = machine.at(step.path);
  return {
    async look(ours) {
      // Without an entry in the receipt nobody would remove what the agent makes.
      return { state: ours ? "done" : "to do" };
    },
    async do() {},
    async undo() {
      if (!isThere(dirname(path))) return null;
      // Root: as the account, because it can put links into the place of whatever is removed.
      const removed = await machine.runAs(step.user, "rm", "-rf", "--", path);
      // Workers that are not installed have theirs beside it.
      await machine.runAs(step.user, "rmdir", dirname(path));
      if (!isThere(path)) return null;
      const why = removed === null ? "there is no such account" : removed.stderr.trim() || howEnded(removed.exit);
      return `${step.path} cannot be removed as ${step.user}: ${why}`;
    },
  };
}
