/** What the two jobs look like on a Mac where nothing was chosen; the checked-in plists show exactly this. */
import type { AgentPlistOptions, HelperPlistOptions } from "./plists.ts";

/** Root-owned down from `/`, unlike /usr/local, which Homebrew hands to its user. `current` is switched to a version. */
export const installed = "/Library/PrivilegedHelperTools/org.taskcluster.worker/current";

/** The configuration of both. */
const support = "/Library/Application Support/taskcluster-worker";

/** The helper's flags come from `helper/flags.ts`, which launchd/ must not import. */
export function defaultHelperOptions(flags: readonly string[]): HelperPlistOptions {
  return {
    node: `${installed}/bin/node`,
    flags,
    main: [`${installed}/helper/main.js`, "--instance", "default", "--config", `${support}/helper.json`],
    log: "/Library/Logs/taskcluster-worker/default/helper.log",
  };
}

/** `uid` and `home` of the account named by `install --agent-user`. */
export function defaultAgentOptions(uid: number, home: string): AgentPlistOptions {
  return {
    node: `${installed}/bin/node`,
    flags: ["--disable-sigusr1", "--max-semi-space-size=2"],
    main: [`${installed}/agent/main.js`, "work", "macosx", "--config", `${support}/worker.yml`],
    log: `${home}/Library/Logs/taskcluster-worker.log`,
    runAs: { session: "aqua", uid },
    maxRunTimeSeconds: 86_400,
  };
}
