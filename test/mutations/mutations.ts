/** Every defence that is taken out. */
import type { Mutation } from "./mutation.ts";
import { ofAccounts } from "./of-accounts.ts";
import { ofAgent } from "./of-agent.ts";
import { ofCommands } from "./of-commands.ts";
import { ofEnds } from "./of-ends.ts";
import { ofLogs } from "./of-logs.ts";
import { ofSessions } from "./of-sessions.ts";
import { ofStart } from "./of-start.ts";
import { ofWire } from "./of-wire.ts";

export const mutations: readonly Mutation[] = [
  ...ofWire,
  ...ofSessions,
  ...ofCommands,
  ...ofAccounts,
  ...ofEnds,
  ...ofLogs,
  ...ofStart,
  ...ofAgent,
];
