/** The generated validators: each says whether a value is what the schema of its name describes. */
import type { Attach, Requests } from "./messages.ts";
import type { AgentAccount, Config, TaskUser } from "./root-types.ts";

interface Verdict<T> {
  (data: unknown): data is T;
  errors?: { instancePath: string; message?: string }[] | null;
}
export const hello: Verdict<Requests["hello"]>;
export const createUser: Verdict<Requests["createUser"]>;
export const ticket: Verdict<Requests["ticket"]>;
export const spawn: Verdict<Requests["spawn"]>;
export const signal: Verdict<Requests["signal"]>;
export const killUser: Verdict<Requests["killUser"]>;
export const deleteUser: Verdict<Requests["deleteUser"]>;
export const attach: Verdict<Attach>;
/** Fills in the defaults. */
export const config: Verdict<Config>;
export const taskUser: Verdict<TaskUser>;
export const agentAccount: Verdict<AgentAccount>;
