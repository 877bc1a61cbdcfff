/** Settings of which each could be, but not both: with one of them no task in a dialect could ever be run. */
import type { AgentConfig } from "../config.ts";

/** A sentence for each. */
export function contradictions({ enableInteractive, plugins }: AgentConfig): string[] {
  const { disabled = [], interactive = {} } = plugins;
  const givesShells = interactive.alwaysEnabled && !interactive.disableShell && !disabled.includes("interactive");
  if (!givesShells || enableInteractive) return [];
  return [
    "plugins.interactive.alwaysEnabled gives every task a shell, and enableInteractive: false allows none; leave one of them out.",
  ];
}
