/** Gives every document of a file its task id and puts dependencies before those that need them. */
import { nice } from "slugid";
import { CommandError, exitStatus } from "./exit-status.ts";

export interface Labelled {
  readonly n: number;
  readonly line: number;
  readonly label: string | null;
  readonly definition: Readonly<Record<string, unknown>>;
}

export interface PlannedTask {
  readonly n: number;
  readonly taskId: string;
  /** Task ids of this file that it waits for. */
  readonly needs: readonly string[];
  /** What `createTask` takes. */
  readonly definition: Readonly<Record<string, unknown>>;
}

const taskIdPattern = /^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$/;

/**
 * In an order in which the queue can create them. `file` is for messages; `strangers`: dependencies on tasks that are not
 * in the file are allowed. Throws CommandError `usage`.
 */
export function planTasks(documents: readonly Labelled[], file: string, strangers: boolean): PlannedTask[] {
  const ids = new Map<string, string>();
  for (const { label } of documents) {
    if (label !== null) ids.set(label, taskIdPattern.test(label) ? label : nice());
  }
  const tasks = documents.map(({ n, line, label, definition }) => {
    const named: unknown = definition["dependencies"] ?? [];
    const problem = (what: string) => new CommandError(exitStatus.usage, `${file}:${line}: ${what}`);
    if (!Array.isArray(named)) throw problem(`task ${n}: "dependencies:" is a list of task ids and labels`);
    const dependencies = named.map((name: unknown) => {
      const id = typeof name === "string" ? ids.get(name) : undefined;
      if (id !== undefined) return id;
      if (typeof name === "string" && strangers && taskIdPattern.test(name)) return name;
      throw problem(`task ${n} depends on "${String(name)}", but no document of the file has that taskId`);
    });
    const own = (label === null ? undefined : ids.get(label)) ?? nice();
    const inFile = new Set(ids.values());
    return {
      n,
      taskId: own,
      needs: dependencies.filter((id) => inFile.has(id)),
      definition: dependencies.length > 0 ? { ...definition, dependencies } : definition,
    };
  });
  return inOrder(tasks, file);
}

function inOrder(tasks: readonly PlannedTask[], file: string): PlannedTask[] {
  const ordered: PlannedTask[] = [];
  const placed = new Set<string>();
  while (ordered.length < tasks.length) {
    const ready = tasks.filter((task) => !placed.has(task.taskId) && task.needs.every((id) => placed.has(id)));
    if (ready.length === 0) {
      const stuck = tasks.filter((task) => !placed.has(task.taskId)).map((task) => task.n);
      throw new CommandError(
        exitStatus.usage,
        `${file}: the dependencies of the tasks ${stuck.join(", ")} form a circle`,
      );
    }
    for (const task of ready) {
      ordered.push(task);
      placed.add(task.taskId);
    }
  }
  return ordered;
}
