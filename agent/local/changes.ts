/** Who wants to know when a task changes. */
import type { TaskStatus } from "./types.ts";

export type Listener = (status: TaskStatus) => void;

export class Changes {
  readonly #listeners = new Set<Listener>();

  /** Calls the listener after each change; answers the function that ends this. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(status: TaskStatus): void {
    for (const listener of [...this.#listeners]) listener(status);
  }

  /** Resolves when the predicate holds: at once by the current status, or after a change. Rejects after `timeoutMs`. */
  waitFor(
    taskId: string,
    current: () => TaskStatus | undefined,
    predicate: (status: TaskStatus) => boolean,
    timeoutMs: number,
  ): Promise<TaskStatus> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      const look = (status: TaskStatus) => {
        if (status.taskId !== taskId) return;
        try {
          if (predicate(status)) end(() => resolve(status));
        } catch (error) {
          end(() => reject(error));
        }
      };
      const tooLate = () => {
        const seen = JSON.stringify(current() ?? "no such task");
        reject(new Error(`Task ${taskId} did not become what was waited for within ${timeoutMs} ms; it is ${seen}.`));
      };
      const timer = setTimeout(() => end(tooLate), timeoutMs);
      this.#listeners.add(look);
      const status = current();
      if (status) look(status);
    });
  }
}
