/** The checked-in plists, as an installation without choices on a Mac gets them. Run this file to write them anew. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../helper/config.ts";
import { helperFlags } from "../../helper/flags.ts";
import { agentJob, helperJob } from "../../launchd/jobs.ts";
import { layoutOf } from "../../launchd/layout.ts";
import { agentLabel, helperLabel, renderAgentPlist, renderHelperPlist } from "../../launchd/plists.ts";

/** What helper.json gives where it says nothing. */
export const config: Config = {
  uidRange: [5000, 5499],
  maxUsers: 100,
  maxParked: 0,
  reuse: false,
  graphical: false,
  sessionUser: "",
  shareAgentSession: false,
  maxGraphical: 1,
  launchctl: "",
  limits: { processes: 2000, files: 4096 },
  umask: "0022",
  tasksDir: "/Users",
  dscl: "/usr/bin/dscl",
};

export const flags = helperFlags(layoutOf().places, config, true);
export const agentOptions = agentJob(501, 86_400);
export const folder = join(import.meta.dirname, "../../launchd");
export const helperPlist = renderHelperPlist(helperJob(flags));
export const agentPlist = renderAgentPlist(agentOptions);

if (import.meta.main) {
  writeFileSync(join(folder, `${helperLabel}.plist`), helperPlist);
  writeFileSync(join(folder, `${agentLabel}.plist`), agentPlist);
}
