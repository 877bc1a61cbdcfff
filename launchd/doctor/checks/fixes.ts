/** Commands that several checks name. */
import { shellWord } from "../../../shared/shell-word.ts";
import { agentLabel, helperLabel } from "../../plists.ts";
import { type Finding, fail } from "../finding.ts";
import type { Installation } from "../installation.ts";

export const sudo = (...words: readonly string[]): string => ["sudo", ...words].map(shellWord).join(" ");

/** From the checkout or the release that was installed: makes anew whatever of it is missing or changed. */
export const reinstall = "sudo ./taskcluster-worker install";

/** The agent's job is not there, or names an account that is not. Without settings it is not installed. */
export const withoutAgent: Finding = fail(
  "the agent has no job with an account that exists: worker.yml has no settings yet, or the account was removed",
  reinstall,
);

export const restartHelper = sudo("launchctl", "kickstart", "-k", `system/${helperLabel}`);

/** launchd's name of the agent's job. */
export function agentJobName({ session, agent }: Installation): string {
  return session === "system" ? `system/${agentLabel}` : `gui/${agent?.uid ?? "UID"}/${agentLabel}`;
}

export const restartAgent = (installation: Installation): string =>
  sudo("launchctl", "kickstart", "-k", agentJobName(installation));

export const chmod = (mode: number, path: string): string => sudo("chmod", mode.toString(8).padStart(4, "0"), path);
export const chown = (owner: string, path: string): string => sudo("chown", owner, path);
