/** A task around a payload, for tests that look at payloads alone. */
import type { TaskDefinition } from "../../agent/queue/types.ts";

export function taskWith(payload: Record<string, unknown>): TaskDefinition {
  return {
    taskGroupId: "g",
    dependencies: [],
    scopes: [],
    created: "2030-01-01T00:00:00.000Z",
    deadline: "2030-01-02T00:00:00.000Z",
    expires: "2030-01-10T00:00:00.000Z",
    payload,
    metadata: { name: "n", owner: "o", source: "https://example.com" },
    whole: {},
  };
}
