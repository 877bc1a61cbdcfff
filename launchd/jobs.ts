/** The two launchd jobs of an installation: what is started, from where, with which arguments. */
import { layoutOf, workerAccount } from "./layout.ts";
import type { AgentPlistOptions, HelperPlistOptions } from "./plists.ts";

const { current, helperConfig, helperLog, workerConfig, agentLog } = layoutOf();

/** `flags` are those of `helper/flags.ts` for the configuration. */
export function helperJob(flags: readonly string[]): HelperPlistOptions {
  return {
    node: `${current}/bin/node`,
    flags,
    main: [`${current}/helper/main.js`, "--instance", "default", "--config", helperConfig],
    log: helperLog,
  };
}

/** `uid` is that of the account named by `install --agent-user`; null for a system job of the worker's own account. */
export function agentJob(uid: number | null, maxRunTimeSeconds: number): AgentPlistOptions {
  return {
    node: `${current}/bin/node`,
    flags: ["--disable-sigusr1", "--max-semi-space-size=2"],
    main: [`${current}/agent/main.js`, "work", "macosx", "--config", workerConfig],
    log: agentLog,
    runAs: uid === null ? { session: "system", user: workerAccount } : { session: "aqua", uid },
    maxRunTimeSeconds,
  };
}
