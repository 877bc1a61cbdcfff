/** The checked-in plists, as an installation without choices on a Mac gets them. Run this file to write them anew. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../helper/config.ts";
import { helperFlags } from "../../helper/flags.ts";
import type { Places } from "../../helper/places.ts";
import { defaultAgentOptions, defaultHelperOptions } from "../../launchd/default-options.ts";
import { agentLabel, helperLabel, renderAgentPlist, renderHelperPlist } from "../../launchd/plists.ts";

/** What the helper writes to on a Mac, whatever machine this runs on. */
const state = "/private/var/db/taskcluster-worker/default";
const places: Places = {
  state,
  private: `${state}/private`,
  status: `${state}/status.json`,
  logs: "/Library/Logs/taskcluster-worker/default",
  runParent: state,
  socketDir: `${state}/run`,
  socket: `${state}/run/helper.sock`,
};
const config: Config = {
  uidRange: [5000, 5499],
  maxUsers: 100,
  maxParked: 0,
  reuse: false,
  graphical: false,
  sessionUser: "",
  shareAgentSession: false,
  maxGraphical: 1,
  limits: { processes: 2000, files: 4096 },
  umask: "0022",
  tasksDir: "/Users",
  dscl: "/usr/bin/dscl",
};

export const flags = helperFlags(places, config, true);
export const agentOptions = defaultAgentOptions(501, "/Users/worker");
export const folder = join(import.meta.dirname, "../../launchd");
export const helperPlist = renderHelperPlist(defaultHelperOptions(flags));
export const agentPlist = renderAgentPlist(agentOptions);

if (import.meta.main) {
  writeFileSync(join(folder, `${helperLabel}.plist`), helperPlist);
  writeFileSync(join(folder, `${agentLabel}.plist`), agentPlist);
}
