/** Relative links and contexts of a task file get an address that serves the file beside it. */
import { type Beside, isRelative } from "./serve-beside.ts";
import type { PlannedTask } from "./task-plan.ts";

const properties = ["link", "context"] as const;

interface RelativeLink {
  readonly property: (typeof properties)[number];
  readonly path: string;
}

/** The paths that must be served from beside the file. */
export function relativeLinks({ definition }: PlannedTask): RelativeLink[] {
  const { payload } = definition;
  if (typeof payload !== "object" || payload === null) return [];
  const given = new Map<string, unknown>(Object.entries(payload));
  return properties.flatMap((property) => {
    const path = given.get(property);
    return typeof path === "string" && isRelative(path) ? [{ property, path }] : [];
  });
}

/** Throws CommandError `usage` for a path that cannot be served. */
export async function withServedLinks(tasks: readonly PlannedTask[], beside: Beside): Promise<PlannedTask[]> {
  const served: PlannedTask[] = [];
  for (const task of tasks) {
    const { definition } = task;
    const addresses: Record<string, string> = {};
    for (const { property, path } of relativeLinks(task)) addresses[property] = await beside.add(path, property);
    const { payload } = definition;
    if (typeof payload !== "object") served.push(task);
    else served.push({ ...task, definition: { ...definition, payload: { ...payload, ...addresses } } });
  }
  return served;
}
