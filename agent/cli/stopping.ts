/** Everybody who may want the worker to end, as two requests and the end that they lead to. */
import type { IdleReason } from "../activity.ts";
import type { WorkEnd } from "./work-ends.ts";

export interface Wish {
  readonly end: WorkEnd;
  /** False: the tasks under way are ended, as worker-shutdown. */
  readonly finishTasks: boolean;
  /** For the worker's status; absent for a signal. */
  readonly reason?: IdleReason;
}

export class Stopping {
  readonly #gently = new AbortController();
  readonly #now = new AbortController();
  #gentle: Wish | null = null;
  #hasty: Wish | null = null;

  /** Aborted when the worker is to claim nothing more and to finish its tasks. */
  get gently(): AbortSignal {
    return this.#gently.signal;
  }

  /** Aborted when it is to end them. */
  get now(): AbortSignal {
    return this.#now.signal;
  }

  ask(wish: Wish): void {
    if (wish.finishTasks) {
      this.#gentle ??= wish;
      this.#gently.abort();
    } else {
      this.#hasty ??= wish;
      this.#now.abort();
    }
  }

  /** The first wish, but one to end the tasks before one to finish them; null while there is none. */
  get wish(): Wish | null {
    return this.#hasty ?? this.#gentle;
  }
}
