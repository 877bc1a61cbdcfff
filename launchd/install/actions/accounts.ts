/** The agent's account, made by the program that makes it for starters, and who is in its group. */
import { existsSync, readFileSync } from "node:fs";
import { takeLock } from "../../../helper/lock.ts";
import { exitStatus } from "../../../shared/exit-status.ts";
import type { AgentAccount } from "../../../shared/protocol/root-types.ts";
import * as validators from "../../../shared/protocol/validators.js";
import { layoutOf } from "../../layout.ts";
import { Refusal } from "../../refusal.ts";
import type { Actions } from "../actions.ts";
import { writeAtomically } from "../atomically.ts";
import type { Machine } from "../machine.ts";
import type { AccountStep, MemberStep } from "../step.ts";

const user = "install";
const lockMs = 120_000;

/** What helper/agent-account.ts knows of the account. */
function read(path: string): AgentAccount {
  const state: unknown = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { made: null, users: [] };
  if (!validators.agentAccount(state)) {
    throw new Refusal(exitStatus.misconfigured, `${path} is not what this program writes: remove it`);
  }
  return state;
}

export function account(machine: Machine, step: AccountStep): Actions {
  const { agentAccount, privateState } = layoutOf();
  const path = machine.at(agentAccount);

  /** The program writes the file too; it and starters hold this lock while they do. */
  function setUsed(used: boolean): void {
    const lock = takeLock(machine.at(`${privateState}/account.lock`), lockMs);
    if (!lock)
      throw new Refusal(exitStatus.busy, "others have been busy with the agent's account for too long: try again");
    try {
      const state = read(path);
      const users = state.users.filter((each) => each !== user);
      writeAtomically(path, JSON.stringify({ ...state, users: used ? [...users, user] : users }), 0o600, 0);
    } finally {
      lock.close();
    }
  }

  async function program(action: "acquire" | "release"): Promise<string | null> {
    const main = machine.at(`${step.release}/helper/agent-account.js`);
    const { exit, stderr } = await machine.program(`${step.release}/bin/node`, main, action, machine.at(step.config));
    return exit === 0 ? null : (/^Error: (.*)/m.exec(stderr)?.[1] ?? `it ended with ${exit}`);
  }

  return {
    async look() {
      const used = existsSync(path) && read(path).users.includes(user);
      return { state: used && (await machine.uidOf(step.name)) !== null ? "done" : "to do" };
    },
    async do() {
      setUsed(true);
      const problem = await program("acquire");
      if (problem !== null) throw new Refusal(exitStatus.failed, `the account ${step.name} cannot be made: ${problem}`);
    },
    async undo() {
      if (!existsSync(machine.at(privateState))) return null;
      setUsed(false);
      if (existsSync(machine.at(step.release))) {
        const problem = await program("release");
        if (problem !== null) return `the account ${step.name} cannot be removed: ${problem}`;
      }
      // Null: it was there before anybody of us asked for it, or it is removed.
      if (read(path).made === null) return null;
      return `the account ${step.name} is still there: another session uses it, or macOS refuses to remove it; try again`;
    },
  };
}

const memberExit = 0;

export function member(machine: Machine, step: MemberStep): Actions {
  const isMember = async (): Promise<boolean> =>
    (await machine.run("dseditgroup", "-o", "checkmember", "-m", step.user, step.group)).exit === memberExit;
  const edit = async (flag: "-a" | "-d"): Promise<string | null> => {
    const { exit, stderr } = await machine.run("dseditgroup", "-o", "edit", flag, step.user, "-t", "user", step.group);
    return exit === 0 ? null : `dseditgroup ended with ${exit}: ${stderr.trim()}`;
  };
  return {
    async look() {
      return { state: (await isMember()) ? "done" : "to do" };
    },
    async do() {
      const problem = await edit("-a");
      if (problem !== null)
        throw new Refusal(exitStatus.failed, `${step.user} cannot be put into ${step.group}: ${problem}`);
    },
    async undo() {
      // No member, or no such group any more.
      if (!(await isMember())) return null;
      const problem = await edit("-d");
      return problem === null ? null : `${step.user} is still in ${step.group}: ${problem}`;
    },
  };
}
