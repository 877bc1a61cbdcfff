/** Which unscheduled tasks wait for which others. */
import type { LocalTask, TaskState } from "./types.ts";

type Requires = LocalTask["requires"];

/** Whether a dependency in this state lets its dependents go on. */
export function satisfied(requires: Requires, state: TaskState | undefined): boolean {
  if (state === "completed") return true;
  return requires === "all-resolved" && (state === "failed" || state === "exception");
}

export class Dependencies {
  readonly #missing = new Map<string, Set<string>>();
  readonly #dependents = new Map<string, Set<string>>();
  readonly #requires = new Map<string, Requires>();

  /** Records that the task waits for the given others, none of which is satisfied yet. */
  wait(taskId: string, requires: Requires, missing: Iterable<string>): void {
    const set = new Set(missing);
    this.#missing.set(taskId, set);
    this.#requires.set(taskId, requires);
    for (const dependency of set) {
      const dependents = this.#dependents.get(dependency) ?? new Set();
      this.#dependents.set(dependency, dependents.add(taskId));
    }
  }

  /** A task was resolved: answers the dependents that wait for nothing else now. */
  resolved(taskId: string, state: TaskState): string[] {
    const free: string[] = [];
    for (const dependent of this.#dependents.get(taskId) ?? []) {
      if (!satisfied(this.#requires.get(dependent) ?? "all-completed", state)) continue;
      const missing = this.#missing.get(dependent);
      missing?.delete(taskId);
      this.#dependents.get(taskId)?.delete(dependent);
      if (missing?.size === 0) {
        this.#missing.delete(dependent);
        this.#requires.delete(dependent);
        free.push(dependent);
      }
    }
    return free;
  }
}
