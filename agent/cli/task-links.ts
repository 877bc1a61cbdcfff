/** Relative links of a task file get an address that serves the file beside it. */
import { type Beside, isRelative } from "./serve-beside.ts";
import type { PlannedTask } from "./task-plan.ts";

/** The task's link, if it is one that must be served from beside the file. */
export function relativeLink({ definition }: PlannedTask): string | null {
  const { payload } = definition;
  if (typeof payload !== "object" || payload === null || !("link" in payload)) return null;
  return typeof payload.link === "string" && isRelative(payload.link) ? payload.link : null;
}

/** Throws CommandError `usage` for a link that cannot be served. */
export async function withServedLinks(tasks: readonly PlannedTask[], beside: Beside): Promise<PlannedTask[]> {
  const served: PlannedTask[] = [];
  for (const task of tasks) {
    const link = relativeLink(task);
    const { payload } = task.definition;
    if (link === null || typeof payload !== "object") served.push(task);
    else
      served.push({
        ...task,
        definition: { ...task.definition, payload: { ...payload, link: await beside.add(link) } },
      });
  }
  return served;
}
