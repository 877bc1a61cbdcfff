/** Features that this worker has and its configuration has switched off. */
import type { AgentConfig } from "../config.ts";
import type { TaskDefinition } from "../queue/types.ts";

const switches = {
  interactive: "enableInteractive",
  liveLog: "enableLiveLog",
  resourceMonitor: "enableResourceMonitor",
} as const;

type SwitchConfig = Pick<AgentConfig, (typeof switches)[keyof typeof switches] | "provisionerId" | "workerType">;

/**
 * A sentence for each that the payload, already accepted, asks for in so many words. Where one is on by default, a payload
 * that says nothing goes without it.
 */
export function switchedOff({ features }: TaskDefinition["payload"], config: SwitchConfig): string[] {
  const asked = new Map(typeof features === "object" && features !== null ? Object.entries(features) : []);
  return Object.entries(switches).flatMap(([feature, setting]) => {
    if (asked.get(feature) !== true || config[setting]) return [];
    const pool = `${config.provisionerId}/${config.workerType}`;
    return `task.payload.features.${feature} is true, but it's not enabled on this worker pool (${pool}), whose ${setting} is false; leave it out, or say false.`;
  });
}
