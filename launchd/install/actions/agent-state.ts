/** The agent's own directory, in the home of its account. */
import { dirname } from "node:path";
import type { Actions } from "../actions.ts";
import { isThere } from "../atomically.ts";
import type { Machine } from "../machine.ts";
import type { AgentStateStep } from "../step.ts";

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
      if (removed?.exit === 0 || (removed === null && !isThere(path))) return null;
      const why =
        removed === null ? "there is no such account" : removed.stderr.trim() || "rm was ended, or took too long";
      return `${step.path} cannot be removed as ${step.user}: ${why}`;
    },
  };
}
